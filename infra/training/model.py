"""The student: Qwen3's architecture in plain PyTorch, with Refined Thought's passes and their gradients.

Its weights carry Qwen3's own names, so that export.py only has to write them down.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

SHAPE = {'hidden': 384, 'layers': 4, 'feed_forward': 768, 'heads': 6, 'head_dim': 64, 'theta': 1e4, 'eps': 1e-6}


class RmsNorm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, x):
        x = x.float()
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


def rotate(x, cos, sin):
    """Rotary positions, Hugging Face's halves. x (batch, heads, tokens, head_dim); cos and sin (batch, 1, tokens, head_dim / 2)."""
    first, second = x.chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


class Attention(nn.Module):
    def __init__(self, shape):
        super().__init__()
        width, inner = shape['hidden'], shape['heads'] * shape['head_dim']
        self.heads, self.head_dim = shape['heads'], shape['head_dim']
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(width, inner, bias=False) for _ in range(3))
        self.o_proj = nn.Linear(inner, width, bias=False)
        self.q_norm, self.k_norm = RmsNorm(self.head_dim, shape['eps']), RmsNorm(self.head_dim, shape['eps'])

    def forward(self, x, turn, mask, past=None):
        batch, tokens, _ = x.shape
        split = lambda y: y.view(batch, tokens, self.heads, self.head_dim).transpose(1, 2)  # (batch, heads, tokens, head_dim)
        query = rotate(self.q_norm(split(self.q_proj(x))), *turn)
        key = rotate(self.k_norm(split(self.k_proj(x))), *turn)
        value = split(self.v_proj(x))
        if past is not None:
            key, value = torch.cat([past[0], key], 2), torch.cat([past[1], value.to(past[1].dtype)], 2)
        scores = query.to(value.dtype) @ key.to(value.dtype).transpose(-1, -2) * self.head_dim ** -.5
        share = (scores + mask.to(scores.dtype)).softmax(-1)  # (batch, heads, tokens, all)
        mixed = (share.to(value.dtype) @ value).transpose(1, 2).reshape(batch, tokens, -1)
        return self.o_proj(mixed), (key, value), share[:, :, -1].float().mean(1)  # the last: the end token's row, mean over the heads


class FeedForward(nn.Module):
    def __init__(self, shape):
        super().__init__()
        width, inner = shape['hidden'], shape['feed_forward']
        self.gate_proj, self.up_proj = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.self_attn, self.mlp = Attention(shape), FeedForward(shape)
        self.input_layernorm, self.post_attention_layernorm = (RmsNorm(shape['hidden'], shape['eps']) for _ in range(2))

    def forward(self, x, turn, mask, past=None):
        mixed, kept, row = self.self_attn(self.input_layernorm(x), turn, mask, past)
        x = x + mixed.float()
        return x + self.mlp(self.post_attention_layernorm(x)).float(), kept, row


class Student(nn.Module):
    def __init__(self, vocabulary, shape=None):
        super().__init__()
        self.shape = dict(SHAPE, **(shape or {}))
        self.embed_tokens = nn.Embedding(vocabulary, self.shape['hidden'])
        self.layers = nn.ModuleList(Layer(self.shape) for _ in range(self.shape['layers']))
        self.norm = RmsNorm(self.shape['hidden'], self.shape['eps'])

    def turn(self, positions):
        half = self.shape['head_dim'] // 2
        angle = positions[:, None, :, None].float() * self.shape['theta'] ** (-torch.arange(half).float() / half)
        return angle.cos(), angle.sin()

    def run(self, x, positions, mask, past=None):
        turn, kept, row = self.turn(positions), [], None
        for number, layer in enumerate(self.layers):
            x, cache, row = layer(x, turn, mask, past[number] if past else None)
            kept.append(cache)
        return self.norm(x), kept, row

    def forward(self, ids, present, passes):
        """The end token's final state after each of the passes. ids and present (batch, tokens), padded on the left, end token last."""
        batch, tokens = ids.shape
        positions = (present.cumsum(1) - 1).clamp_min(0)
        causal = torch.ones(tokens, tokens, dtype=torch.bool).tril()
        seen = causal[None, None] & (present[:, None, None] > 0) | torch.eye(tokens, dtype=torch.bool)
        x = self.embed_tokens(ids)
        states, kept, row = self.run(x, positions, torch.zeros(seen.shape).masked_fill(~seen, -1e9))
        out = [states[:, -1]]
        if passes == 1:
            return out
        # The text never moves: its keys, values and final states stay those of the first pass (design: two-token passes).
        past = [(key[:, :, :-1], value[:, :, :-1]) for key, value in kept]
        text, tail, end, at = states[:, :-1], states[:, -1:], x[:, -1:], positions[:, -1:]
        mask = torch.zeros(batch, 1, 2, tokens + 1)
        mask[..., :tokens - 1].masked_fill_(present[:, None, None, :-1] == 0, -1e9)
        mask[:, :, 0, -1] = -1e9  # the memory token does not see the end token
        places = torch.cat([at, at + 1], 1)
        for _ in range(1, passes):
            memory = (row[:, None, :] @ torch.cat([text, tail], 1))  # (batch, 1, hidden): what the end token looked at
            tail, _, row = self.run(torch.cat([memory, end], 1), places, mask, past)
            out.append(tail[:, -1])
        return out


def padded(sequences, pad=0):
    longest = max(map(len, sequences))
    ids = torch.full((len(sequences), longest), pad)
    present = torch.zeros(len(sequences), longest, dtype=torch.long)
    for row, sequence in enumerate(sequences):
        ids[row, longest - len(sequence):] = torch.as_tensor(sequence)
        present[row, longest - len(sequence):] = 1
    return ids, present
