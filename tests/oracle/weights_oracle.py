"""Makes the golden weight files under tests/RtMatching.Tests/Weights/Golden with the reference libraries.

    python3 tests/oracle/weights_oracle.py OUT                     tiny.gguf, tiny.safetensors, tiny.json
    python3 tests/oracle/weights_oracle.py OUT --smollm2 X.gguf    smollm2.json as well (transformers dequantises the file)

Needs numpy, gguf, safetensors, torch and (for --smollm2) transformers. The tests need none of them.
"""
import argparse
import hashlib
import json
import pathlib

import gguf
import numpy as np
import torch
from safetensors.torch import save_file

HEADS, KV_HEADS, HEAD_DIM, HIDDEN, FFN, VOCAB = 2, 1, 8, 32, 64, 11


def interleave(rows, heads):
    """Hugging Face's row order to that of GGUF's Llama files."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def deinterleave(rows, heads):
    return rows.reshape(heads, rows.shape[0] // heads // 2, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def bits(array):
    return {"shape": list(array.shape), "bits": np.ascontiguousarray(array, np.float32).view(np.uint32).ravel().tolist()}


def tiny_gguf(path, rng):
    """One tensor of every supported type; returns what each dequantises to, in Hugging Face's names and order."""
    types = gguf.GGMLQuantizationType
    plan = [  # GGUF name, Hugging Face name, shape, type, heads whose rows are interleaved
        ("token_embd.weight", "model.embed_tokens.weight", (VOCAB, HIDDEN), types.Q8_0, 0),
        ("blk.0.attn_q.weight", "model.layers.0.self_attn.q_proj.weight", (HEADS * HEAD_DIM, HIDDEN), types.Q4_1, HEADS),
        ("blk.0.attn_q.bias", "model.layers.0.self_attn.q_proj.bias", (HEADS * HEAD_DIM,), types.F32, HEADS),
        ("blk.0.attn_k.weight", "model.layers.0.self_attn.k_proj.weight", (KV_HEADS * HEAD_DIM, HIDDEN), types.Q8_0, KV_HEADS),
        ("blk.0.attn_v.weight", "model.layers.0.self_attn.v_proj.weight", (KV_HEADS * HEAD_DIM, HIDDEN), types.F16, 0),
        ("blk.0.ffn_up.weight", "model.layers.0.mlp.up_proj.weight", (3, FFN), types.Q4_1, 0),
        ("blk.0.ffn_gate.weight", "model.layers.0.mlp.gate_proj.weight", (2, FFN + 5), types.BF16, 0),
        ("output_norm.weight", "model.norm.weight", (HIDDEN,), types.F32, 0),
    ]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_array("test.strings", ["a", "中文", ""])
    writer.add_array("test.integers", [1, -2, 3])
    writer.add_uint64("test.uint64", 2**63)
    expected = {}
    for name, hugging_face, shape, kind, heads in plan:
        values = rng.standard_normal(shape).astype(np.float32)
        stored = interleave(values, heads) if heads else values
        packed = gguf.quants.quantize(stored, kind)
        writer.add_tensor(name, packed, raw_dtype=None if kind in (types.F32, types.F16) else kind)
        exact = gguf.quants.dequantize(packed, kind)
        expected[hugging_face] = bits(deinterleave(exact, heads) if heads else exact)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return expected


def tiny_safetensors(path):
    torch.manual_seed(7)
    tensors = {
        "model.embed_tokens.weight": torch.randn(5, 37).to(torch.bfloat16),
        "model.layers.0.mlp.up_proj.weight": torch.randn(3, 19).to(torch.float16),
        "model.norm.weight": torch.randn(37),
        "three.dimensions": torch.randn(2, 3, 4).to(torch.bfloat16),
        "edge.f16": torch.tensor([0.0, -0.0, 65504.0, 6e-8, float("inf"), -1.0]).to(torch.float16),
        "edge.bf16": torch.tensor([0.0, -0.0, 3e38, 1e-40, float("-inf"), -1.0]).to(torch.bfloat16),
    }
    save_file(tensors, path, metadata={"format": "pt"})
    return {name: bits(tensor.float().numpy()) for name, tensor in tensors.items()}


def smollm2(path):
    """SHA-256 of whole tensors in float32, as transformers loads them."""
    gguf.__version__ = getattr(gguf, "__version__", "0.17.0")  # transformers asks, and Debian's module does not say
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint
    folder, name = str(pathlib.Path(path).parent), pathlib.Path(path).name
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder, gguf_file=name))
    state = load_gguf_checkpoint(path, return_tensors=True, model_to_load=model)["tensors"]
    layers = ("model.layers.0.", "model.layers.17.", "model.layers.29.")
    wanted = [n for n in state if n.startswith(layers) or n in ("model.norm.weight", "model.embed_tokens.weight")]
    return {n: hashlib.sha256(state[n].float().contiguous().numpy().tobytes()).hexdigest() for n in wanted}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--smollm2")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    golden = {"gguf": tiny_gguf(arguments.out / "tiny.gguf", rng), "safetensors": tiny_safetensors(arguments.out / "tiny.safetensors")}
    (arguments.out / "tiny.json").write_text(json.dumps(golden) + "\n")
    if arguments.smollm2:
        (arguments.out / "smollm2.json").write_text(json.dumps(smollm2(arguments.smollm2), indent=1) + "\n")


if __name__ == "__main__":
    main()
