"""The development sets in two halves, in the forms that `rtmatch eval` and `tune` read: python halves.py DATA OUT

What is chosen on the first half is reported on the second. Files without a number are both halves together. Sets of a corpus with queries are in
BEIR's form: `skill-house` and `skill-tech` (a query is a span of a job ad, the corpus every ESCO skill, relevant the one that people linked) and `cv`
(150 CVs as queries, all CVs the corpus, relevant those of the same category). `sts-en`, `sts-zh` and `jd` are pairs.
"""
import json
import os
import random
import sys

from evaluate import Development

PARTS = ('', '-1', '-2')


def halves(rows):
    """Both halves together, the first and the second, drawn at random."""
    first = set(random.Random(1).sample(range(len(rows)), len(rows) // 2))
    return rows, [r for i, r in enumerate(rows) if i in first], [r for i, r in enumerate(rows) if i not in first]


def write_lines(file, rows):
    with open(file, 'w', encoding='utf8') as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + '\n' for row in rows)


def write_pairs(out, name, rows):
    for part, some in zip(PARTS, halves(rows)):
        with open(os.path.join(out, f'{name}{part}.tsv'), 'w', encoding='utf8') as file:
            file.write('sentence1\tsentence2\tscore\n' + ''.join(f'{a}\t{b}\t{score}\n' for a, b, score in some))


def write_retrieval(out, name, corpus, queries):
    """corpus: texts. queries: (id, text, indexes of what is relevant)."""
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    write_lines(os.path.join(folder, 'corpus.jsonl'), [{'_id': str(i), 'text': text} for i, text in enumerate(corpus)])
    for part, some in zip(PARTS, halves(queries)):
        write_lines(os.path.join(folder, f'queries{part}.jsonl'), [{'_id': number, 'text': text} for number, text, _ in some])
        with open(os.path.join(folder, f'qrels{part}.tsv'), 'w', encoding='utf8') as file:
            file.write('query-id\tcorpus-id\tscore\n' + ''.join(f'{number}\t{i}\t1\n' for number, _, relevant in some for i in relevant))


def main(data, out):
    sets = Development(data)
    os.makedirs(out, exist_ok=True)
    write_pairs(out, 'sts-en', sets.en)
    write_pairs(out, 'sts-zh', sets.zh)
    for name, rows in sets.spans.items():  # a span that people linked twice counts twice, as in the benchmark
        write_retrieval(out, f'skill-{name}', sets.labels, [(f'q{i}', span, [label]) for i, (span, label) in enumerate(rows)])
    same = lambda q: [i for i, category in enumerate(sets.categories) if category == sets.categories[q] and i != q]
    write_retrieval(out, 'cv', sets.cvs, [(str(q), sets.cvs[q], same(q)) for q in sets.queries])
    for part, some in zip(PARTS, halves(list(zip(sets.ads, sets.relevant)))):
        write_lines(os.path.join(out, f'jd{part}.jsonl'), [{'job': ad, 'cv': sets.cv, 'score': bool(relevant)} for ad, relevant in some])


if __name__ == '__main__':
    main(*sys.argv[1:])
