"""The transformer's first weights: at them its first pass is the bag of bag.py, and a bag of the text's beginning beside it.

Layer 1, the bag. A token's embedding is its direction, its weight's logarithm in one dimension and a constant in the last. Keys hold the
constant and the weight, queries ask for the weight, so that attention is the softmax of the weights' logarithms: the bag's weighted mean.
Values and outputs pass the directions through.

Layer 2, the beginning. CVs and job ads say in their first words what they are; rotary attention sees distances only, so a place has to be
counted. Each token has a random code; a head of layer 1 that looks at all tokens alike averages the codes of what went before: the further on,
the shorter the average. Layer 1's feed-forward squares and sums it; layer 2 looks at tokens by their weight and by that number.

Layers 3 and 4 have two heads each that look at what has no constant: the memory token of Refined Thought's later passes, before
there is one at all of the text alike. What they bring is near zero at first, like all other branches.
"""
import torch

from model import Student

WIDTH = 320                        # directions: five of six heads
CODES, AVERAGES = slice(320, 350), slice(350, 380)
PLACE, WEIGHT, CONSTANT = 380, 382, 383
CONSTANT_SIZE, WEIGHT_SCALE = 9.8, 2.
KEY_PLACE, KEY_CONSTANT, KEY_WEIGHT = 29, 30, 31  # within a head; the slowest rotary pairs: they hardly turn within a text
NOISE, SMALL = .02, .001
RANGE = (-3.5, 2.)                 # logarithms of weights, around the usual
GAIN = .5                          # small beside a token's own direction: layer 2 is to see the tokens, not what layer 1 made of those before
GAIN_BEGINNING = .08               # the mean of a few words is several times as long as that of hundreds, which have less in common
SQUARE = 6.                        # how strongly the averages are squared
PLACE_KEY, PLACE_QUERY = .15, 5.  # how soon and how far the beginning stands out: the first five words, little after twenty
BEGINNING_WEIGHT = 5.
MEMORY_HEADS = 2


def from_bag(weights, counts):
    """A Student whose first pass is the bag's. weights (vocabulary, 320), counts (vocabulary)."""
    vocabulary, width = weights.shape
    student = Student(vocabulary)
    size = weights.norm(dim=-1).clamp_min(1e-6)
    usual = (size.log() * counts).sum() / counts.sum()
    with torch.no_grad():
        table = student.embed_tokens.weight
        table.zero_()
        table[:, :width] = weights / size[:, None] * width ** .5
        table[:, CODES] = torch.randn(vocabulary, CODES.stop - CODES.start)
        table[:, WEIGHT] = (size.log() - usual).clamp(*RANGE) * WEIGHT_SCALE
        table[:, CONSTANT] = CONSTANT_SIZE
        table[0, :AVERAGES.stop] = 0
        table[0, WEIGHT] = RANGE[0] * 2 * WEIGHT_SCALE  # the end token itself says nothing
        student.norm.weight[width:] = 0
        for number, layer in enumerate(student.layers):
            attention = layer.self_attn
            for linear in (attention.q_proj, attention.k_proj, layer.mlp.gate_proj, layer.mlp.up_proj):
                linear.weight.normal_(0, NOISE)
            layer.mlp.down_proj.weight.normal_(0, SMALL)
            attention.v_proj.weight.normal_(0, NOISE)
            # What is not content would be the same in every text, and all vectors would look alike.
            for linear in (attention.v_proj, layer.mlp.gate_proj, layer.mlp.up_proj):
                linear.weight[:, width:] = 0
            attention.o_proj.weight.normal_(0, SMALL)
            for head in range(attention.heads):
                look_by_weight(attention, head * attention.head_dim, beginning=number == 1)
            if number > 1:
                for head in range(MEMORY_HEADS):
                    look_at_memory(attention, head * attention.head_dim)
            if number < 2:
                pass_directions(attention, width, (GAIN, GAIN_BEGINNING)[number])
            if number == 0:
                average_codes(attention)
                square_averages(layer.mlp)
    return student


def look_by_weight(attention, at, beginning):
    attention.q_proj.weight[at + KEY_WEIGHT, CONSTANT] = 1
    attention.k_proj.weight[at + KEY_CONSTANT, CONSTANT] = 1
    # 8 q.k of unit vectors: the logit is the logarithm of the weight
    attention.k_proj.weight[at + KEY_WEIGHT, WEIGHT] = CONSTANT_SIZE / WEIGHT_SCALE / 8
    if beginning:
        attention.q_proj.weight[at + KEY_PLACE, CONSTANT] = PLACE_QUERY
        attention.k_proj.weight[at + KEY_PLACE, PLACE] = PLACE_KEY * CONSTANT_SIZE
        attention.k_proj.weight[at + KEY_WEIGHT, WEIGHT] *= BEGINNING_WEIGHT  # early keys are mostly place, and shrink the rest
        attention.q_norm.weight.fill_((1 + PLACE_QUERY ** 2) ** .5)


def look_at_memory(attention, at):
    for linear, size in ((attention.q_proj, -1), (attention.k_proj, 1)):
        linear.weight[at:at + attention.head_dim, WIDTH:] = 0
        linear.weight[at + KEY_CONSTANT, CONSTANT] = size


def pass_directions(attention, width, gain):
    attention.v_proj.weight[:width] = torch.eye(width, attention.v_proj.weight.shape[1])
    attention.o_proj.weight[:, :width] = torch.eye(attention.o_proj.weight.shape[0], width) * gain


def average_codes(attention):
    at, count = 5 * attention.head_dim, CODES.stop - CODES.start
    for linear in (attention.q_proj, attention.k_proj):
        linear.weight[at:at + attention.head_dim] = 0
        linear.weight[at + KEY_CONSTANT, CONSTANT] = 1  # all alike
    attention.v_proj.weight[at:] = 0
    attention.v_proj.weight[at:at + count, CODES] = torch.eye(count)
    attention.o_proj.weight[:, at:] = 0
    attention.o_proj.weight[AVERAGES, at:at + count] = torch.eye(count)


def square_averages(mlp):
    """silu(s x) x + silu(-s x)(-x) = s x x: two units for each average."""
    count = AVERAGES.stop - AVERAGES.start
    for sign, at in ((1, 0), (-1, count)):
        units = slice(at, at + count)
        mlp.gate_proj.weight[units] = mlp.up_proj.weight[units] = 0
        mlp.gate_proj.weight[units, AVERAGES] = torch.eye(count) * SQUARE * sign
        mlp.up_proj.weight[units, AVERAGES] = torch.eye(count) * sign
        mlp.down_proj.weight[:, units] = 0
        mlp.down_proj.weight[PLACE, units] = 1
