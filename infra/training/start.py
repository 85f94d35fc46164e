"""The transformer's first weights: at them its first pass is the bag of bag.py, to which training adds what words mean together.

A token's embedding is its direction, its weight's logarithm in one dimension and a constant in the last. Keys hold the constant and the
weight, queries ask for the weight, so that attention is the softmax of the weights' logarithms: the bag's weighted mean. The first layer's
values and outputs pass the directions through; all other branches are near zero.
"""
import torch

from model import Student

WEIGHT, CONSTANT = -2, -1          # the two reserved dimensions
CONSTANT_SIZE, WEIGHT_SCALE = 9.8, 2.
KEY_CONSTANT, KEY_WEIGHT = 30, 31  # within a head; the slowest rotary pairs: they hardly turn within a text
NOISE, SMALL = .025, .005
RANGE = (-3.5, 2.)                 # logarithms of weights, around the usual
GAIN = 2.


def from_bag(weights, counts):
    """A Student whose first pass is the bag's. weights (vocabulary, 382), counts (vocabulary)."""
    vocabulary, width = weights.shape
    student = Student(vocabulary)
    size = weights.norm(dim=-1).clamp_min(1e-6)
    usual = (size.log() * counts).sum() / counts.sum()
    with torch.no_grad():
        table = student.embed_tokens.weight
        table[:, :width] = weights / size[:, None] * width ** .5
        table[:, WEIGHT] = (size.log() - usual).clamp(*RANGE) * WEIGHT_SCALE
        table[:, CONSTANT] = CONSTANT_SIZE
        table[0, :width] = 0
        table[0, WEIGHT] = RANGE[0] * 2 * WEIGHT_SCALE  # the end token itself says nothing
        student.norm.weight[WEIGHT] = student.norm.weight[CONSTANT] = 0
        for number, layer in enumerate(student.layers):
            attention = layer.self_attn
            for linear in (attention.q_proj, attention.k_proj, layer.mlp.gate_proj, layer.mlp.up_proj):
                linear.weight.normal_(0, NOISE)
            layer.mlp.down_proj.weight.normal_(0, SMALL)
            for head in range(attention.heads):
                at = head * attention.head_dim
                attention.q_proj.weight[at + KEY_WEIGHT, CONSTANT] = 1
                attention.k_proj.weight[at + KEY_CONSTANT, CONSTANT] = 1
                # 8 q.k of unit vectors: the logit is the logarithm of the weight
                attention.k_proj.weight[at + KEY_WEIGHT, WEIGHT] = CONSTANT_SIZE / WEIGHT_SCALE / 8
            if number == 0:
                attention.v_proj.weight.copy_(torch.eye(width + 2))
                attention.v_proj.weight[WEIGHT:] = 0
                attention.o_proj.weight.copy_(torch.eye(width + 2) * GAIN)
            else:
                attention.v_proj.weight.normal_(0, NOISE)
                attention.o_proj.weight.normal_(0, SMALL)
    return student
