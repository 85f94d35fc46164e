"""Development figures while training. The figures that are reported come from rtmatch's own eval and tune."""
import csv
import json
import os
import random

import numpy as np


def ranks(values):
    values = np.asarray(values, float)
    order, out = np.argsort(values, kind='stable'), np.empty(len(values))
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse]


def spearman(a, b):
    return 100 * np.corrcoef(ranks(a), ranks(b))[0, 1]


class Development:
    """The sets of the data folder; encode(texts) gives {k: unit vectors (texts, width)}."""

    def __init__(self, data):
        read = lambda name: open(os.path.join(data, name), encoding='utf8')
        rows = [l.rstrip('\n').split('\t') for l in read('sts-b-en/sts-dev.tsv')][1:]
        self.en = [(r[6], r[7], float(r[5])) for r in rows]
        self.zh = [(r[1], r[2], float(r[3])) for r in (l.rstrip('\n').split('||') for l in read('sts-b-zh/cnsd-sts-dev.txt'))]
        cvs = [json.loads(l) for l in read('resume-kaggle-2484/resumes.jsonl')]
        self.cvs, self.categories = [c['text'] for c in cvs], np.array([c['category'] for c in cvs])
        self.queries = random.Random(1).sample(range(len(cvs)), 150)
        csv.field_size_limit(10 ** 9)
        ads = list(csv.DictReader(read('jd-relevance-panoslin/job_descriptions.csv')))
        self.ads, self.relevant = [a['job_description'] for a in ads], np.array([a['label'].lower() == 'true' for a in ads])
        self.cv = read('jd-relevance-panoslin/resume_redacted.txt').read()
        self.labels = list(dict.fromkeys(l.strip() for l in read('skill-esco-eval/skills_en_label.txt')))
        self.spans = {}
        for name in ('house', 'tech'):
            found = [(r['span'].strip(), r['label'].strip()) for r in csv.DictReader(read(f'skill-esco-eval/{name}_validation_annotations.csv'))]
            place = {l: i for i, l in enumerate(self.labels)}
            self.spans[name] = [(s, place[l]) for s, l in found if l in place]

    def measure(self, encode, long=True, dimensions=None):
        """{figure: {k: value}}"""
        cut = (lambda v: v[:, :dimensions] / np.linalg.norm(v[:, :dimensions], axis=1, keepdims=True)) if dimensions else (lambda v: v)
        out = {}
        for name, rows in (('sts-en', self.en), ('sts-zh', self.zh)):
            first, second = encode([r[0] for r in rows]), encode([r[1] for r in rows])
            out[name] = {k: spearman((cut(first[k]) * cut(second[k])).sum(1), [r[2] for r in rows]) for k in first}
        labels = encode(self.labels)
        for name, rows in self.spans.items():
            spans = encode([r[0] for r in rows])
            out[f'skill-{name}'] = {k: np.mean([y in np.argpartition(-row, 10)[:10] for row, (_, y) in zip(cut(spans[k]) @ cut(labels[k]).T, rows)]) for k in spans}
        if long:
            cvs = encode(self.cvs)
            out['p@10'] = {k: self.precision(cut(v)) for k, v in cvs.items()}
            ads, cv = encode(self.ads), encode([self.cv])
            out['auc'] = {k: self.auc((cut(ads[k]) @ cut(cv[k]).T)[:, 0]) for k in ads}
        return out

    def precision(self, vectors):
        scores = vectors[self.queries] @ vectors.T
        scores[np.arange(len(self.queries)), self.queries] = -9
        best = np.argpartition(-scores, 10, axis=1)[:, :10]
        return np.mean(self.categories[best] == self.categories[self.queries][:, None])

    def auc(self, scores):
        rank, n = ranks(scores), self.relevant.sum()
        return (rank[self.relevant].sum() - n * (n + 1) / 2) / (n * (len(rank) - n))


def shown(figures):
    return '; '.join(f'{name} ' + ' '.join(f'{v:.2f}' if v > 1 else f'{v:.3f}' for v in by_k.values()) for name, by_k in figures.items())
