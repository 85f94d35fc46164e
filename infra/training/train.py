"""Step 4. The transformer, with Refined Thought in the loop: python train.py DATA WORK OUT MINUTES [--passes 4] [--steps N] [--resume]

Each step draws k from 1..passes and sends gradients through all k passes. Every pass has its loss, the later the more: pass t counts t to a
power, the highest for documents. What is hard may take its time, and the passes have something to do.
"""
import argparse
import json
import math
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import start
from batches import Data
from evaluate import Development, shown
from losses import unit
from model import Student, padded
from start import WIDTH

END = 0
CHUNK = 6144                        # tokens in one run of the model
RATE, EMBEDDING_RATE, WARM = 5e-4, 2e-4, 40
DRAW = {1: (1,), 2: (.35, .65), 3: (.15, .5, .35), 4: (.12, .5, .23, .15)}
GOLD = {'sts-en': .5, 'sts-zh': .5, 'afqmc': .15}  # beside 3 for the teacher's vectors: more would wear these down


def encode(student, sequences, passes):
    """Final states after each pass, [(texts, WIDTH)] * passes, in the order of sequences."""
    order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]))
    parts, at = [], 0
    while at < len(order):
        size = max(1, CHUNK // (len(sequences[order[at]]) + 2))
        rows = [i for i in order[at:at + size] if len(sequences[i]) <= 1.4 * len(sequences[order[at]]) + 5]
        at += len(rows)
        parts.append(student(*padded([torch.cat([sequences[i], torch.tensor([END])]) for i in rows], END), passes))
    back = torch.tensor(order).argsort()
    return [torch.cat([p[t] for p in parts])[back][:, :WIDTH].float() for t in range(passes)]


def weighed(loss, states, power):
    """The passes' losses, pass t counting t ** power; they sum to one."""
    weights = np.arange(1, len(states) + 1.) ** power
    return sum(float(w) * loss(e) for w, e in zip(weights / weights.sum(), states))


def step_loss(student, data, passes, done):
    """One step's losses by name. All short texts run together: few large runs of the model cost half of many small ones."""
    name = ('sts-en', 'sts-zh', 'sts-en', 'sts-zh', 'afqmc')[data.rng.integers(5)]
    english, zh, gold = data.english_rows(288), data.rng.choice(len(data.zh), 56, replace=False), data.gold_rows(name, 32)
    skills, titles, documents = data.pair_rows(data.skill, 96), data.pair_rows(data.titles, 24), data.document_rows(5)
    rated = gold[:, :2].long().T.reshape(-1).numpy()
    wanted = [data.texts(english), data.texts(data.zh[zh].numpy(), 0), data.texts(rated, .1),
              data.texts(skills[:, 0].numpy()), data.texts(titles[:, 0].numpy())]
    states = encode(student, [s for part in wanted for s in part], passes)  # passes of (texts, WIDTH)
    parts = list(zip(*[e.split([len(part) for part in wanted]) for e in states]))  # for each part its states after each pass
    long = encode(student, data.beginnings(documents), passes)
    others = {'skill': data.partners(skills, 2048), 'titles': data.partners(titles, 1024)}
    losses = {
        'english': (3, 2, parts[0], lambda e: data.loss_english(e, english)),
        'zh': (1, 1, parts[1], lambda e: data.loss_zh(e, zh)),
        name: (GOLD[name] * (.5 + done), 1, parts[2], lambda e: data.loss_gold(*e.chunk(2), gold[:, 2])),
        'skill': (.5, 2, parts[3], lambda e: data.loss_choice(e, *others['skill'])),
        'titles': (.05, 2, parts[4], lambda e: data.loss_choice(e, *others['titles'])),
        'documents': (.8, 3, long, lambda e: data.loss_documents(e, documents) + .05 * data.loss_occupation(e, documents)),
    }
    return {key: weight * weighed(loss, e, power) for key, (weight, power, e, loss) in losses.items()}


def measure(student, tokenizer, development, passes, long=True, dimensions=None):
    def run(texts):
        sequences = [torch.tensor(e.ids[:-1][:511]) for e in tokenizer.encode_batch(texts)]
        out = [[] for _ in range(passes)]
        with torch.inference_mode(), torch.autocast('cpu', torch.bfloat16):
            for i in range(0, len(sequences), 1024):
                for t, e in enumerate(encode(student, sequences[i:i + 1024], passes)):
                    out[t].append(unit(e))
        return {t + 1: torch.cat(v).numpy() for t, v in enumerate(out)}
    return development.measure(run, long, dimensions)


def main():
    options = argparse.ArgumentParser()
    for name in ('data', 'work', 'out', 'minutes'):
        options.add_argument(name)
    options.add_argument('--passes', type=int, default=4)
    options.add_argument('--steps', type=int, help='instead of minutes: so many, for comparisons')
    options.add_argument('--resume', action='store_true')
    options.add_argument('--every', type=float, default=10)
    o = options.parse_args()
    torch.manual_seed(0)
    data, development = Data(os.path.join(o.work, 'data.pt'), WIDTH, titled=True), Development(o.data)
    tokenizer = Tokenizer.from_file(os.path.join(o.work, 'tokenizer.json'))
    bag = torch.load(os.path.join(o.work, 'bag.pt'))[:, :WIDTH]
    counts = torch.bincount(data.short[0], minlength=len(bag)) + 1.
    student = start.from_bag(bag, counts)
    table = student.embed_tokens.weight
    groups = [{'params': [p for p in student.parameters() if p is not table], 'rate': RATE}, {'params': [table], 'rate': EMBEDDING_RATE}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, weight_decay=.01, betas=(.9, .98), fused=True)
    rng, spent, step, total, losses = np.random.default_rng(1), 0., 0, float(o.minutes) * 60, []
    log = open(o.out + '.log', 'a' if o.resume else 'w', encoding='utf8')

    def say(line):
        print(line, flush=True)
        print(line, file=log, flush=True)
    if o.resume:
        kept = torch.load(o.out + '.state')
        student.load_state_dict(kept['student'])
        optimizer.load_state_dict(kept['optimizer'])
        spent, step = kept['spent'], kept['step']
        data.rng, rng = np.random.default_rng(step), np.random.default_rng(step + 1)  # not the same batches again
    else:
        say(f'weights {sum(p.numel() for p in student.parameters()) / 1e6:.1f} M, passes 1 to {o.passes}')
    clock, saved = time.time() - spent, spent
    while spent < total:
        done = step / o.steps if o.steps else spent / total
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group['lr'] = group['rate'] * min(1, (step + 1) / WARM) * (.5 * (1 + math.cos(math.pi * done)) * .97 + .03)
        passes = 1 + int(rng.choice(o.passes, p=DRAW[o.passes]))
        optimizer.zero_grad()
        with torch.autocast('cpu', torch.bfloat16):
            parts = step_loss(student, data, passes, done)
        sum(parts.values()).backward()
        losses.append({name: loss.item() for name, loss in parts.items()})
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.)
        optimizer.step()
        step, spent = step + 1, time.time() - clock
        if step % 20 == 0:
            names = sorted({n for l in losses[-20:] for n in l})
            say(f'{step} {spent:.0f} s ' + ' '.join(f'{n} {np.mean([l[n] for l in losses[-20:] if n in l]):.3f}' for n in names))
        if spent - saved > o.every * 60 or spent >= total:
            torch.save({'student': student.state_dict(), 'optimizer': optimizer.state_dict(), 'spent': spent, 'step': step}, o.out + '.state.new')
            os.replace(o.out + '.state.new', o.out + '.state')
            pause = time.time()
            say(f'  {step} {spent:.0f} s ' + shown(measure(student, tokenizer, development, 2, long=False)))
            clock += time.time() - pause
            saved = spent
    torch.save(student.state_dict(), o.out)
    say(f'end: {step} steps, {spent:.0f} s')


if __name__ == '__main__':
    main()
