"""Small random decoders of each family with what Hugging Face transformers computes for them.

Writes {family}-tiny/config.json, model.safetensors and golden.json, float32 arithmetic, eager attention:

    python3 tests/oracle/models_oracle.py tests/RtMatching.Tests/Model/Golden

Refined Thought is done in full: every pass runs the whole sequence [E(x_1) .. E(x_{n-1}), m, E(x_n)] again,
without any cache, so that a cached implementation has something independent to equal. Needs torch and transformers.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaModel, Qwen2Config, Qwen2Model, Qwen3Config, Qwen3Model

VOCABULARY = 160
PASSES = 6
LENGTHS = [1, 2, 17, 60, 33]

# Odd widths on purpose: SIMD kernels must get their tails right. Each family in another number format.
MODELS = {
    "qwen3": dict(
        make=lambda c: Qwen3Model(c), dtype=torch.bfloat16, eos=3, old_rope=False,
        config=Qwen3Config(
            vocab_size=VOCABULARY, hidden_size=48, num_hidden_layers=3, intermediate_size=80,
            num_attention_heads=4, num_key_value_heads=2, head_dim=16, max_position_embeddings=128,
            rope_parameters={"rope_type": "default", "rope_theta": 1e6}, rms_norm_eps=1e-6, tie_word_embeddings=True)),
    "qwen2": dict(
        make=lambda c: Qwen2Model(c), dtype=torch.float32, eos=2, old_rope=True,
        config=Qwen2Config(
            vocab_size=VOCABULARY, hidden_size=40, num_hidden_layers=3, intermediate_size=68,
            num_attention_heads=5, num_key_value_heads=1, max_position_embeddings=128,
            rope_parameters={"rope_type": "default", "rope_theta": 1e4}, rms_norm_eps=1e-5, tie_word_embeddings=True)),
    "llama": dict(
        make=lambda c: LlamaModel(c), dtype=torch.float16, eos=2, old_rope=False,
        config=LlamaConfig(
            vocab_size=VOCABULARY, hidden_size=48, num_hidden_layers=3, intermediate_size=72,
            num_attention_heads=3, num_key_value_heads=3, max_position_embeddings=128,
            rope_parameters={"rope_type": "default", "rope_theta": 5e5}, rms_norm_eps=1e-5, tie_word_embeddings=False)),
}


def randomise(model, generator):
    """Weights large enough that attention is far from uniform; norms off 1 and biases off 0, so that none can be forgotten."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name:
            parameter.data = 1 + 0.3 * noise
        elif name.endswith("bias"):
            parameter.data = 0.4 * noise
        elif "embed_tokens" in name:
            parameter.data = 0.7 * noise
        else:
            parameter.data = 1.3 * noise / parameter.shape[1] ** 0.5


class Recorder:
    """Value vectors and attention outputs after W_O of the latest forward, by layer."""

    def __init__(self, model):
        self.values, self.outputs = [], []
        for layer in model.layers:
            layer.self_attn.v_proj.register_forward_hook(lambda _, __, out: self.values.append(out[0]))
            layer.self_attn.o_proj.register_forward_hook(lambda _, __, out: self.outputs.append(out[0]))

    def clear(self):
        self.values.clear()
        self.outputs.clear()


def run(model, recorder, embeddings):
    """(final-norm states, last layer's attention row of the last token averaged over heads)"""
    recorder.clear()
    with torch.no_grad():
        result = model(inputs_embeds=embeddings[None], output_attentions=True, use_cache=False)
    return result.last_hidden_state[0], result.attentions[-1][0, :, -1, :].mean(0)


def numbers(tensor):
    return [float(f"{x:.7g}") for x in tensor.tolist()]


def golden(model, recorder, ids):
    text = model.embed_tokens(torch.tensor(ids)).detach()
    sequence, passes, record = text, [], {"ids": ids}
    for k in range(1, PASSES + 1):
        states, row = run(model, recorder, sequence)
        memory = row @ states
        if k == 1:
            record["mean"] = numbers(states.mean(0))
            record["mean_values"] = [numbers(v.mean(0)) for v in recorder.values]
        one = {"k": k, "end": numbers(states[-1])}
        if k <= 3:
            one |= {"attention_row": numbers(row), "memory": numbers(memory),
                    "attention_outputs": [numbers(o[-1]) for o in recorder.outputs]}
        passes.append(one)
        sequence = torch.cat([text[:-1], memory[None], text[-1:]])
    return record | {"passes": passes}


def config_json(config, family, spec):
    fields = config.to_dict() | {"architectures": [family.capitalize() + "ForCausalLM"], "eos_token_id": spec["eos"],
                                 "torch_dtype": str(spec["dtype"]).removeprefix("torch.")}
    for key in ("transformers_version", "_name_or_path", "dtype"):
        fields.pop(key, None)
    if spec["old_rope"]:  # transformers before 5 wrote the base at the top level
        fields["rope_theta"] = fields.pop("rope_parameters")["rope_theta"]
    return {k: v for k, v in fields.items() if v is not None}


def write(folder, family, spec, seed):
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    spec["config"]._attn_implementation = "eager"
    model = spec["make"](spec["config"]).eval()
    randomise(model, generator)
    stored = {f"model.{n}": p.detach().to(spec["dtype"]).contiguous() for n, p in model.named_parameters()}
    for name, parameter in model.named_parameters():  # what is computed is what is stored
        parameter.data = stored[f"model.{name}"].to(torch.float32)
    if not spec["config"].tie_word_embeddings:
        stored["lm_head.weight"] = torch.randn((VOCABULARY, spec["config"].hidden_size), generator=generator).to(spec["dtype"])

    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config_json(spec["config"], family, spec), indent=2) + "\n")
    recorder = Recorder(model)
    texts = [torch.randint(0, VOCABULARY, (n,), generator=generator).tolist() for n in LENGTHS]
    lines = [json.dumps(golden(model, recorder, ids)) for ids in texts]
    (folder / "golden.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


def main():
    root = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    for seed, (family, spec) in enumerate(MODELS.items(), start=11):
        write(root / f"{family}-tiny", family, spec, seed)


if __name__ == "__main__":
    main()
