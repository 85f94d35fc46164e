"""Ids by Hugging Face tokenizers for the lines of tokenizer_corpus.py: the goldens of tests/RtMatching.Tests/Tokenizer.

    python3 tokenizer_oracle.py models/rt-mini/tokenizer.json OUT_FOLDER [SmolLM2.gguf]

Writes pipelines.jsonl.gz: the built-in vocabulary under each pipeline, one object a line {"text", "qwen2": ids, "llama3": ids, ...},
a pipeline left out where its ids are those of qwen2; words.jsonl.gz: {"qwen2": word lengths, ...} in the same way; and, given the GGUF (needs the gguf package), smollm2.jsonl.gz: an array of ids a line.
"""
import copy
import gzip
import json
import os
import sys

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

import tokenizer_corpus

GPT2 = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}


def split(pattern):
    return {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}, {**GPT2, "use_regex": False}]}


def token(i, content, **flags):
    return {"id": i, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False} | flags


def pipelines(base):
    """The built-in tokenizer.json as other families' pipelines: what differs is set, as TokenizerFiles.cs does."""
    pattern = base["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"]
    size = len(base["model"]["vocab"])

    def variant(pre_tokenizer=None, **model):
        v = copy.deepcopy(base)
        v["model"] |= model
        if pre_tokenizer:
            v |= {"normalizer": None, "pre_tokenizer": pre_tokenizer}
        return v

    plain = variant()
    plain["normalizer"] = {"type": "NFC"}
    tokens = variant()
    tokens["added_tokens"] += [
        token(size, "<|im_start|>", special=True), token(size + 1, "<|im_end|>", rstrip=True, special=True), token(size + 2, "<pad>", lstrip=True, rstrip=True),
        token(size + 3, "[MASK]", lstrip=True), token(size + 4, "wholeword", single_word=True), token(size + 5, "<Ångström>", normalized=True),
        token(size + 6, "<|tool|>"), token(size + 7, "<|tool|>x"), token(size + 8, "  ~~", normalized=True, single_word=True)]
    return {
        "qwen2": plain,
        "built-in": base,
        "llama3": variant(split(pattern.replace(r"|\p{N}|", r"|\p{N}{1,3}|")), ignore_merges=True),
        "gpt2": variant(GPT2),
        "prefixed": variant({**GPT2, "add_prefix_space": True}),
        "smollm": variant({"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, GPT2]}),
        "added": tokens,
    }


def word_lengths(tokenizer, text):
    """How a text is cut before merging, in UTF-16 units: a cut that no merge of this vocabulary crosses does not show in the ids."""
    return [len(text[a:b].encode("utf-16-le")) // 2 for _, (a, b) in tokenizer.pre_tokenizer.pre_tokenize_str(text)]


def smollm2(path):
    """The GGUF's own vocabulary in the pipeline of its Hugging Face original."""
    from gguf import GGUFReader
    fields = GGUFReader(path).fields
    value = lambda key: fields["tokenizer.ggml." + key].contents()
    tokens, merges = value("tokens"), [tuple(m.split(" ")) for m in value("merges")]
    t = Tokenizer(models.BPE(vocab={s: i for i, s in enumerate(tokens)}, merges=merges))
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([s for s, kind in zip(tokens, value("token_type")) if kind in (3, 4)])
    return t


def write(path, objects):
    # No name and no time in the archive: the same lines give the same bytes.
    with open(path, "wb") as f, gzip.GzipFile("", "wb", 9, f, 0) as z:
        for o in objects:
            z.write((json.dumps(o, ensure_ascii=False, separators=(",", ":")) + "\n").encode())


def distinct(columns):
    """Rows of qwen2's value and of those that differ from it."""
    rows = [dict(zip(columns, values)) for values in zip(*columns.values())]
    return [{name: v for name, v in row.items() if name == "qwen2" or v != row["qwen2"]} for row in rows]


def main(tokenizer_json, out, gguf=None):
    texts = tokenizer_corpus.lines()
    base = json.load(open(tokenizer_json, encoding="utf-8"))
    tokenizers = {name: Tokenizer.from_str(json.dumps(v)) for name, v in pipelines(base).items()}
    ids = {name: [e.ids for e in t.encode_batch(texts, add_special_tokens=False)] for name, t in tokenizers.items()}
    write(os.path.join(out, "pipelines.jsonl.gz"), [{"text": text} | row for text, row in zip(texts, distinct(ids))])
    cuts = {name: [word_lengths(tokenizers[name], text) for text in texts] for name in ("qwen2", "llama3", "gpt2", "smollm")}
    write(os.path.join(out, "words.jsonl.gz"), distinct(cuts))
    if gguf:
        write(os.path.join(out, "smollm2.jsonl.gz"), [e.ids for e in smollm2(gguf).encode_batch(texts, add_special_tokens=False)])
    print(len(texts), "lines")


main(*sys.argv[1:])
