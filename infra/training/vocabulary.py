"""Byte-level BPE for English and Chinese, lower case: CVs shout their headings and titles, and LEAN is to be what lean is. Pre-tokenizer: Qwen's, each
digit alone. The end token (id 0) is appended by the post-processor."""
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

END = '<|endoftext|>'
WORDS = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""


def train(texts, size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(WORDS), 'isolated'),
                                                       pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                                             special_tokens=[END], show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(single=f'$A {END}', pair=f'$A {END} $B {END}', special_tokens=[(END, 0)])
    return tokenizer
