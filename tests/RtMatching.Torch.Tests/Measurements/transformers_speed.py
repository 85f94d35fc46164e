"""Tokens a second of Hugging Face transformers on a Qwen3 of random weights: what `speed --transformers PYTHON` sets beside this engine.

Texts of equal length, so nothing is padded; scaled_dot_product_attention; inference_mode; batch sizes doubled until it is no faster or does not fit.
k = 8 is measured in the two ways that it can be had: eight whole passes ("full"), and with the text's keys and values kept and two tokens in each
further pass ("cached"), for which the plain library has everything but the loop.

Reads one JSON object from standard input: {"config": {...}, "device", "precision", "tokens", "iterations", "rounds", "batch_tokens"}.
Prints one JSON object a line: {"tokens", "iterations", "way", "batch", "seconds": [...], "peak_bytes"}.
"""
import json
import sys
import time

import torch
import transformers
from transformers import DynamicCache, Qwen3Config, Qwen3Model


def build(asked):
    config = Qwen3Config(attn_implementation="sdpa", **asked["config"])
    dtype = torch.bfloat16 if asked["precision"] == "bf16" else torch.float32
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device("meta"):
            model = Qwen3Model(config)
    finally:
        torch.set_default_dtype(before)
    model = model.to_empty(device=asked["device"]).eval()
    fill(model, config, asked["device"])
    return model


def fill(model, config, device):
    """Random matrices, norms of ones, and the rotary frequencies, which an empty module does not have."""
    torch.manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.fill_(1)
            else:
                parameter.uniform_(-1, 1).mul_(1.7 / parameter.shape[-1] ** 0.5)
    model.rotary_emb = type(model.rotary_emb)(config=config).to(device)


def memory_of(model, hidden, attention):
    """m = sum_j a_j H_j. sdpa gives no attention row: equal shares, which cost the same sum."""
    return (attention.to(hidden.dtype) @ hidden).to(hidden.dtype)


def uniform(batch, length, device):
    return torch.full((batch, 1, length), 1.0 / length, device=device)


def full(model, ids, iterations):
    """Every pass over the whole text: [x .. m, eos] from its first token again."""
    hidden = model(input_ids=ids, use_cache=False).last_hidden_state
    embeddings = model.get_input_embeddings()(ids) if iterations > 1 else None
    for _ in range(iterations - 1):
        memory = memory_of(model, hidden, uniform(ids.shape[0], hidden.shape[1], ids.device))
        inputs = torch.cat([embeddings[:, :-1], memory, embeddings[:, -1:]], 1)
        hidden = model(inputs_embeds=inputs, use_cache=False).last_hidden_state
    return hidden[:, -1]


def cached(model, ids, iterations):
    """The text once; then m and eos against its keys and values, which are cut back to the text after each pass."""
    cache = DynamicCache()
    output = model(input_ids=ids, past_key_values=cache, use_cache=True)
    text = ids.shape[1] - 1
    states, ends, middle = output.last_hidden_state[:, :-1], output.last_hidden_state[:, -1:], None
    eos = model.get_input_embeddings()(ids[:, -1:])
    for _ in range(iterations - 1):
        cache.crop(text)
        hidden = torch.cat([states, ends] if middle is None else [states, middle, ends], 1)
        memory = memory_of(model, hidden, uniform(ids.shape[0], hidden.shape[1], ids.device))
        positions = torch.arange(text, text + 2, device=ids.device)
        last = model(inputs_embeds=torch.cat([memory, eos], 1), past_key_values=cache, use_cache=True,
                     position_ids=positions.unsqueeze(0).expand(ids.shape[0], -1), cache_position=positions).last_hidden_state
        middle, ends = last[:, :1], last[:, 1:]
    return ends[:, 0]


WAYS = {"full": full, "cached": cached}


def wait(device):
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def seconds(way, model, ids, iterations, device):
    wait(device)
    start = time.perf_counter()
    way(model, ids, iterations).float().cpu()
    wait(device)
    return time.perf_counter() - start


def measure(way, model, ids, iterations, rounds, device):
    seconds(way, model, ids, iterations, device)  # warms up
    return [seconds(way, model, ids, iterations, device) for _ in range(rounds)]


def sweep(model, asked, tokens, iterations, name):
    """Doubles the batch until it is slower a token, or larger than both asked for and the device."""
    best, batch, vocabulary = None, 1, asked["config"]["vocab_size"]
    while batch * tokens <= max(tokens, asked["batch_tokens"]):
        ids = torch.randint(0, vocabulary, (batch, tokens), device=asked["device"])
        try:
            taken = measure(WAYS[name], model, ids, iterations, asked["rounds"], asked["device"])
        except torch.cuda.OutOfMemoryError:
            torch.cuda.empty_cache()
            break
        each = sorted(taken)[len(taken) // 2] / (batch * tokens)
        if best is None or each < best["each"]:
            best = {"each": each, "batch": batch, "seconds": taken}
        elif each > 1.1 * best["each"]:
            break
        batch *= 2
    return best


def main():
    asked = json.load(sys.stdin)
    with torch.inference_mode():
        model = build(asked)
        print(json.dumps({"transformers": transformers.__version__, "torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
        for tokens in asked["tokens"]:
            for iterations in asked["iterations"]:
                for name in ["full"] if iterations == 1 else ["full", "cached"]:
                    if asked["device"].startswith("cuda"):
                        torch.cuda.reset_peak_memory_stats()
                    best = sweep(model, asked, tokens, iterations, name)
                    peak = torch.cuda.max_memory_allocated() if asked["device"].startswith("cuda") else None
                    row = {"tokens": tokens, "iterations": iterations, "way": name, "peak_bytes": peak}
                    print(json.dumps(row | ({"batch": best["batch"], "seconds": best["seconds"]} if best else {"batch": 0, "seconds": []})), flush=True)


if __name__ == "__main__":
    main()
