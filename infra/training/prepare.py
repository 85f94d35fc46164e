"""Step 2. Everything that training reads, in one folder: python prepare.py DATA MODELS WORK [VOCABULARY] [DOCUMENTS]

Writes tokenizer.json, data.pt and hashes.json into WORK. Vectors are the teacher's, rotated once so that the first dimensions carry most
(the rotation keeps every cosine): the student's state is trained to be that vector, and a cut state is the best cut of it.
"""
import collections
import json
import os
import random
import re
import sys

import numpy as np
import torch
from tokenizers import Tokenizer

import corpus
import documents
import sources
import vocabulary

LONGEST = 512  # tokens of a document, the end token included: what CVs are cut at in the profiles
RESERVED = 2   # dimensions kept free in the student for a constant and a token's weight (start.py)


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-9)


def ragged(encodings, longest):
    """Token ids end to end, without the end token, and where each text starts."""
    ids = [e.ids[:-1][:longest - 1] or [0] for e in encodings]
    return torch.tensor([i for x in ids for i in x]), torch.tensor(np.cumsum([0] + [len(x) for x in ids]))


def spread(text):
    """A word is one token after a blank and another after a line break, a bracket or at the very beginning. Here each is what the text itself has it not."""
    return ' ' + text.replace(' ', '\n')


LATER = ('reworded', 'clauses', 'further')  # kinds of short texts without words of their own: the tokenizer is trained on the others


def read_teacher(work, kinds):
    texts, vectors = [], []
    for kind, found in kinds.items():
        kept = np.load(os.path.join(work, f'teacher-{kind}.npz'))['vectors'].astype(np.float32)
        assert len(kept) == len(found), kind
        texts += found
        vectors.append(kept)
    return texts, unit(np.concatenate(vectors))


def kept(file, make):
    """What file holds, else what is made and put there: models trained in the same folder go on with one rotation."""
    if not os.path.exists(file):
        np.save(file, make())
    return np.load(file)


def rotation(vectors):
    """(384, 384), orthonormal: the directions of most weight first."""
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    return directions[:, ::-1].copy()


def composed(occupations, skills, count, at, vectors, seed):
    """Documents, what they say, their title (the first part), whether it stands at the top, and the occupation of each."""
    composer, rng = documents.Composer(occupations, skills, seed), random.Random(seed)
    texts, targets, titles, topped, owners = [], [], [], [], []
    codes = composer.codes
    while len(texts) < count:
        for code in rng.sample(range(len(codes)), len(codes)):  # every occupation equally often
            text, parts = composer.document(codes[code], 'cv' if rng.random() < .65 else 'job')
            weights = [(at[part], weight) for _, part, weight in parts if part in at]
            if rng.random() < .2:  # cut anywhere: extraction and windows do
                words = text.split(' ')
                text = ' '.join(words[:rng.randint(min(30, len(words)), len(words))])
            texts.append(text)
            targets.append(unit(sum(w * vectors[i] for i, w in weights)))
            titles.append(vectors[at[parts[0][1]]])
            topped.append(parts[0][1].lower() in text[:90].lower())
            owners.append(code)
    return texts, np.stack(targets), np.stack(titles), np.array(topped), np.array(owners)


def centroids(occupations, at, vectors):
    out = []
    for code in sorted(occupations):
        o = occupations[code]
        groups = [([o.title] + o.titles[:20], 1), (o.tasks, 1), ([o.description], .5)]
        rows = [([at[t] for t in corpus.unique(texts) if t in at], weight) for texts, weight in groups]
        out.append(unit(sum(weight * vectors[found].mean(0) for found, weight in rows if found)))
    return np.stack(out)


def main(data, models, work, size='30000', count='30000'):
    read = sources.Sources(data)
    kinds = corpus.kinds(read)
    texts, vectors = read_teacher(work, kinds)
    first = [t for kind, found in kinds.items() if kind not in LATER for t in found]
    turn = kept(os.path.join(work, 'turn.npy'), lambda: rotation(vectors[:len(first)]))
    vectors = vectors @ turn
    at = {}
    for i, t in enumerate(texts):
        at.setdefault(t, i)
    occupations, skills = read.occupations(), read.skills()

    sts_en, sts_zh = read.sts_en(), read.sts_zh()
    english = {key: (a, b) for key, a, b, _ in sts_en}
    zh_folder = os.path.join(models, 'teacher-zh')
    zh_lines = read.lines(os.path.join(zh_folder, 'texts.txt'))
    zh_texts = [sources.clean(t) for t in zh_lines]
    zh_vectors = unit(np.fromfile(read.path(os.path.join(zh_folder, 'vectors.i8')), np.int8).reshape(len(zh_lines), -1).astype(np.float32))
    zh_at = {t: i for i, t in enumerate(zh_texts)}
    parallel = {}
    for key, a, b, _ in sts_zh:
        for chinese, original in zip((a, b), english.get(key, ())):
            if chinese in zh_at and original in at:
                parallel[zh_at[chinese]] = at[original]
    # Where no English sentence says what a Chinese one means, the Chinese teacher's vector is mapped into the English teacher's space (ridge).
    known = np.array(sorted(parallel))
    x, mean = zh_vectors[known], zh_vectors.mean(0)
    solve = np.linalg.solve((x - mean).T @ (x - mean) + 3 * np.eye(x.shape[1]), (x - mean).T @ vectors[[parallel[i] for i in known]])
    zh_targets = unit((zh_vectors - mean) @ solve)
    zh_targets[known] = vectors[[parallel[i] for i in known]]
    zh_sure = np.zeros(len(zh_texts), np.float32)
    zh_sure[known] = 1

    docs, doc_targets, doc_titles, topped, owners = composed(occupations, skills, int(count), at, vectors, 11)
    vocabulary_file = os.path.join(work, 'tokenizer.json')
    if not os.path.exists(vocabulary_file):
        vocabulary.train(first + [spread(t) for t in first[::3]] + zh_texts * 2 + [sources.clean(s) for p in read.afqmc() for s in p[:2]] + docs[:6000], int(size)).save(vocabulary_file)
    tokenizer = Tokenizer.from_file(vocabulary_file)

    place, pool = {}, []

    def index(text):
        if text not in place:
            place[text] = len(pool)
            pool.append(text)
        return place[text]
    for t in texts + zh_texts:
        index(t)
    pairs = lambda rows: torch.tensor([(index(a), index(b), s) for a, b, s in rows])
    gold = {'sts-en': pairs([r[1:] for r in sts_en]), 'sts-zh': pairs([r[1:] for r in sts_zh]), 'afqmc': pairs(read.afqmc())}
    labels = {s.label: s for s in skills}
    skill = [(index(a), index(s.label)) for s in skills for a in s.alternatives]
    skill += [(index(p), index(l)) for p, l in corpus.framed_skills(skills, random.Random(7), 12000)]
    verbs = corpus.verbs_of(t for o in occupations.values() for t in o.tasks)
    skill += [(index(p), index(l)) for p, l in corpus.reworded_skills(skills, verbs, random.Random(9))]
    skill += [(index(sources.sentences(s.description)[0]), index(s.label)) for s in labels.values() if sources.sentences(s.description)]
    titles = [(index(t), index(o.title)) for o in occupations.values() for t in corpus.unique(o.titles[:20])]
    titles += [(index(a), index(label)) for label, alternatives, _ in read.esco_occupations() for a in alternatives[:6]]
    titles += [(index(sources.sentences(d)[0]), index(label)) for label, _, d in read.esco_occupations() if sources.sentences(d)]

    targets, sure = np.zeros((len(pool), vectors.shape[1]), np.float32), np.zeros(len(pool), np.float32)
    for i, t in enumerate(texts):
        targets[place[t]], sure[place[t]] = vectors[i], 1
    zh_rows = np.array([place[t] for t in zh_texts])
    targets[zh_rows], sure[zh_rows] = zh_targets, np.where(zh_sure > 0, 1, .3)

    short, other = ragged(tokenizer.encode_batch(pool), 160), ragged(tokenizer.encode_batch([spread(t) for t in pool]), 200)
    long = ragged(tokenizer.encode_batch(docs), LONGEST)
    codes = {code: i for i, code in enumerate(sorted(occupations))}
    related = [[codes[r] for r in occupations[c].related] for c in sorted(occupations)]
    words = [re.sub(r'\s+', ' ', tokenizer.decode([i])).strip() for i in range(tokenizer.get_vocab_size())]
    torch.save({'short': short, 'spread': other, 'long': long, 'targets': torch.from_numpy(targets).half(), 'sure': torch.from_numpy(sure),
                'english': torch.tensor(sorted({place[t] for t in texts})), 'zh': torch.from_numpy(zh_rows), 'zh_vectors': torch.from_numpy(zh_vectors).half(),
                'gold': gold, 'skill': torch.tensor(skill), 'titles': torch.tensor(titles), 'doc_targets': torch.from_numpy(doc_targets).half(),
                'doc_titles': torch.from_numpy(doc_titles).half(), 'topped': torch.from_numpy(topped),
                'owners': torch.from_numpy(owners), 'related': related, 'centroids': torch.from_numpy(centroids(occupations, at, vectors)),
                'turn': torch.from_numpy(turn), 'words': words, 'doc_sample': docs[:40]}, os.path.join(work, 'data.pt'))
    json.dump(sources.hashes(), open(os.path.join(work, 'hashes.json'), 'w'), indent=1)
    lengths = np.diff(long[1].numpy())
    print(f'{len(texts)} texts, {len(zh_texts)} Chinese ({len(known)} with a parallel), {len(pool)} in all, {len(short[0])} tokens;'
          f' {len(docs)} documents, {len(long[0])} tokens, length deciles {np.percentile(lengths, range(10, 100, 20)).astype(int)};'
          f' {len(skill)} skill pairs, {len(titles)} title pairs; vocabulary {tokenizer.get_vocab_size()}')


if __name__ == '__main__':
    main(*sys.argv[1:])
