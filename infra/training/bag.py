"""Step 3. The start: one vector per token, a text is the sum of its tokens' vectors. python bag.py DATA TEACHER WORK MINUTES [EARLIER.pt]

Learns at a hundred times the speed of the transformer what can be known without word order: which words weigh, what words mean, Chinese words,
the phrases that every CV contains. start.py then writes it into the transformer's first layer.
"""
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from batches import Data
from evaluate import Development, shown
from losses import unit
from start import WIDTH
from teacher import cached

STEP, WARM = 1.2e-2, 20
GOLD = {'sts-en': .5, 'sts-zh': .5, 'afqmc': .1}  # weights beside 4 for the teacher's vectors: more would wear these down
PAIRS = {'skill': .6, 'titles': .05}


class Bag(torch.nn.Module):
    """A direction and a weight's logarithm for each token. Apart, because Adam moves all numbers alike: common tokens, whose vectors must be
    small, would be thrown about."""

    def __init__(self, vectors):
        super().__init__()
        size = vectors.norm(dim=-1, keepdim=True).clamp_min(1e-4)
        self.directions = torch.nn.Parameter(vectors / size * vectors.shape[1] ** .5)
        self.weights = torch.nn.Parameter(size[:, 0].log())

    def forward(self, sequences, drop=0.):
        ids, lengths = torch.cat(sequences), torch.tensor([len(s) for s in sequences])
        offsets = lengths.cumsum(0) - lengths
        shares = self.weights.exp()[ids] / lengths.repeat_interleave(lengths)
        if drop:
            shares = shares * ((torch.rand(len(ids)) >= drop) | (lengths < 12).repeat_interleave(lengths))
        return F.embedding_bag(ids, self.directions, offsets, mode='sum', per_sample_weights=shares)

    def vectors(self):
        """(vocabulary, width): what a text is the sum of."""
        with torch.no_grad():
            return self.directions * self.weights.exp()[:, None]


def first_vectors(data, teacher_folder, work):
    """Each token's string through the teacher, common tokens made small: a / (a + share)."""
    vectors = cached(teacher_folder, [w or ' ' for w in data.words], os.path.join(work, 'teacher-words.npz'))
    turn = torch.load(os.path.join(work, 'data.pt'))['turn'].numpy()
    counts = np.bincount(data.short[0].numpy(), minlength=len(data.words)) + np.bincount(data.long[0].numpy(), minlength=len(data.words)) * .3 + 1.
    share = counts / counts.sum()
    vectors = vectors @ turn
    vectors = vectors - .8 * (vectors * share[:, None]).sum(0)
    foreign = np.array([not w or not w.isascii() for w in data.words])
    vectors[foreign] *= .1
    return torch.from_numpy((vectors * (1e-3 / (1e-3 + share))[:, None]).astype(np.float32)[:, :WIDTH])


def measure(bag, tokenizer, development, dimensions=None):
    def encode(texts):
        sequences = [torch.tensor(e.ids[:-1][:511] or [0]) for e in tokenizer.encode_batch(texts)]
        with torch.no_grad():
            return {1: unit(torch.cat([bag(sequences[i:i + 512]) for i in range(0, len(sequences), 512)])).numpy()}
    return development.measure(encode, dimensions=dimensions)


def step_loss(data, bag):
    """Everything in one bag, taken apart again: the table's gradient is written once a step."""
    english, zh = data.english_rows(3072), data.rng.choice(len(data.zh), 384, replace=False)
    gold = {name: data.gold_rows(name, 192) for name in ('sts-en', 'sts-zh', 'afqmc')}
    pairs = {name: data.pair_rows(rows, 384) for name, rows in (('skill', data.skill), ('titles', data.titles))}
    documents = data.document_rows(12)
    short = lambda rows, spread: data.texts(rows.long().numpy() if torch.is_tensor(rows) else rows, spread)
    wanted = [short(english, .25), short(data.zh[zh], 0)]
    for rows in gold.values():
        wanted += [short(rows[:, 0], .1), short(rows[:, 1], .1)]
    for rows in pairs.values():
        wanted.append(short(rows[:, 0], .25))
    wanted.append(data.ids(data.long, documents))
    e = list(bag([s for part in wanted for s in part], .1).split([len(part) for part in wanted]))
    loss = 4 * data.loss_english(e.pop(0), english) + data.loss_zh(e.pop(0), zh)
    for name, rows in gold.items():
        loss = loss + GOLD[name] * data.loss_gold(e.pop(0), e.pop(0), rows[:, 2])
    for name, rows in pairs.items():
        loss = loss + PAIRS[name] * data.loss_choice(e.pop(0), *data.partners(rows, 1024))
    return loss + .5 * data.loss_documents(e.pop(0), documents)


def main(folder, teacher_folder, work, minutes, before=None):
    torch.manual_seed(0)
    data, development = Data(os.path.join(work, 'data.pt'), WIDTH), Development(folder)
    tokenizer = Tokenizer.from_file(os.path.join(work, 'tokenizer.json'))
    bag = Bag(torch.load(before)[:, :WIDTH] if before else first_vectors(data, teacher_folder, work))
    print('start:', shown(measure(bag, tokenizer, development)), flush=True)
    optimizer = torch.optim.AdamW(bag.parameters(), lr=STEP, weight_decay=0, betas=(.9, .98), fused=True)
    start, step, total, losses = time.time(), 0, float(minutes) * 60, []
    while (spent := time.time() - start) < total:
        done = spent / total
        for group in optimizer.param_groups:
            group['lr'] = STEP * min(1, (step + 1) / WARM) * (1 - done) + 1e-5
        with torch.autocast('cpu', torch.bfloat16):
            loss = step_loss(data, bag)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        step += 1
        if step % 50 == 0:
            print(f'{step} {spent:.0f} s loss {np.mean(losses[-50:]):.3f}', flush=True)
        if step % 500 == 0:
            print('  ', shown(measure(bag, tokenizer, development)), flush=True)
    print('end:', shown(measure(bag, tokenizer, development)), '| 128:', shown(measure(bag, tokenizer, development, 128)), flush=True)
    torch.save(bag.vectors(), os.path.join(work, 'bag.pt'))


if __name__ == '__main__':
    main(*sys.argv[1:])
