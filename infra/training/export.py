"""Step 5. The Hugging Face folder and its golden vectors: python export.py WORK OUT.pt FOLDER

golden.jsonl holds transformers' own float32 vectors: the pass of the plain model, and Refined Thought run on top of it in the plainest way,
each pass over the whole text anew, so that neither training's nor the engine's shortcuts are in it.
"""
import json
import os
import shutil
import sys

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import AutoModel

from model import SHAPE, Student, padded

TEXTS = ('A man is playing a guitar.', 'Senior backend engineer with eight years of C# and PostgreSQL.', '一个戴着安全帽的男人在跳舞。',
         "Phone: +44 20 7946 0123, e-mail jane@example.org — 5 yrs' exp. in Kubernetes; don't relocate.",
         'Registered nurse, intensive care unit. Managed post-operative patients, trained 12 junior nurses, introduced an electronic hand-over sheet '
         'that cut errors by 30%. Education: BSc Nursing, 2014. Languages: English, Spanish.')
GOLDEN_PASSES = (1, 2, 3, 4, 8)


# How much the beginning counts (start.py, layer 2) beside what training left it: the one number that was chosen on development CVs and jobs.
# CVs want more of it, their headlines saying what they are; job ads less.
BEGINNING = .7


def write(weights, tokenizer, folder):
    os.makedirs(folder, exist_ok=True)
    save_file({'model.' + name: value.to(torch.float16).contiguous() for name, value in weights.items()},
              os.path.join(folder, 'model.safetensors'), metadata={'format': 'pt'})
    config = {'architectures': ['Qwen3ForCausalLM'], 'model_type': 'qwen3', 'vocab_size': len(weights['embed_tokens.weight']), 'hidden_size': SHAPE['hidden'],
              'intermediate_size': SHAPE['feed_forward'], 'num_hidden_layers': SHAPE['layers'], 'num_attention_heads': SHAPE['heads'],
              'num_key_value_heads': SHAPE['heads'], 'head_dim': SHAPE['head_dim'], 'hidden_act': 'silu', 'max_position_embeddings': 2048,
              'rms_norm_eps': SHAPE['eps'], 'rope_theta': SHAPE['theta'], 'tie_word_embeddings': True, 'attention_bias': False, 'attention_dropout': 0.0,
              'bos_token_id': 0, 'eos_token_id': 0, 'pad_token_id': 0, 'dtype': 'float16', 'use_cache': True}
    with open(os.path.join(folder, 'config.json'), 'w', encoding='utf8') as file:
        json.dump(config, file, indent=2)
    with open(os.path.join(folder, 'tokenizer_config.json'), 'w', encoding='utf8') as file:
        json.dump({'tokenizer_class': 'PreTrainedTokenizerFast', 'eos_token': '<|endoftext|>', 'pad_token': '<|endoftext|>', 'model_max_length': 2048,
                   'clean_up_tokenization_spaces': False}, file, indent=2)
    shutil.copy(tokenizer, os.path.join(folder, 'tokenizer.json'))


@torch.no_grad()
def refined(model, ids, passes):
    """(end token's final state after each pass, the mean state of pass 1): Refined Thought without any shortcut."""
    embedded = model.embed_tokens(torch.tensor([ids]))
    text, end, out, mean = embedded[:, :-1], embedded[:, -1:], [], None
    sequence = embedded
    for _ in range(passes):
        result = model(inputs_embeds=sequence, output_attentions=True, use_cache=False)
        states, row = result.last_hidden_state, result.attentions[-1][0, :, -1].mean(0)  # (1, tokens, hidden), (tokens)
        out.append(states[0, -1])
        mean = states[0].mean(0) if mean is None else mean
        memory = (row[:, None] * states[0]).sum(0)[None, None]
        sequence = torch.cat([text, memory, end], 1)
    return out, mean


def golden(folder, trained):
    model = AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation='eager').eval()
    tokenizer = Tokenizer.from_file(os.path.join(folder, 'tokenizer.json'))
    unit = lambda v: torch.nn.functional.normalize(v, dim=-1)
    numbers = lambda v: [float(f'{x:.6g}') for x in unit(v).tolist()]
    worst = 1.
    with open(os.path.join(folder, 'golden.jsonl'), 'w', encoding='utf8') as file:
        for number, text in enumerate(TEXTS):
            ids = tokenizer.encode(text).ids
            states, mean = refined(model, ids, max(GOLDEN_PASSES))
            ours = trained(*padded([ids]), max(GOLDEN_PASSES))
            worst = min([worst] + [float(unit(a) @ unit(b[0])) for a, b in zip(states, ours)])
            row = {'id': str(number), 'text': text, 'ids': ids, 'rt': {str(k): numbers(states[k - 1]) for k in GOLDEN_PASSES}, 'mean': numbers(mean)}
            print(json.dumps(row, ensure_ascii=False), file=file)
    print(f'transformers and training agree: least cosine {worst:.7f} over k = 1..{max(GOLDEN_PASSES)}')


def main(work, trained, folder):
    weights = torch.load(trained)
    weights['layers.1.self_attn.o_proj.weight'] *= BEGINNING
    write(weights, os.path.join(work, 'tokenizer.json'), folder)
    student = Student(len(weights['embed_tokens.weight'])).eval()
    student.load_state_dict({name: value.to(torch.float16).float() for name, value in weights.items()})
    with torch.no_grad():
        golden(folder, student)


if __name__ == '__main__':
    main(*sys.argv[1:])
