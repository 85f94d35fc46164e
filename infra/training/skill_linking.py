"""Skill linking as a retrieval task in BEIR's form: python skill_linking.py DATA PART OUT, PART house or tech

A query is a span of a job ad, the corpus is every ESCO skill label, relevant is the label that people linked. Then:
rtmatch tune --task retrieval --corpus OUT/corpus.jsonl --queries OUT/queries.jsonl --qrels OUT/qrels.tsv --metric recall
"""
import csv
import json
import os
import sys


def main(data, part, out):
    folder = os.path.join(data, 'skill-esco-eval')
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(folder, 'skills_en_label.txt'), encoding='utf8') as file:
        labels = {label: str(i) for i, label in enumerate(dict.fromkeys(line.strip() for line in file if line.strip()))}
    relevant = []
    with open(os.path.join(folder, f'{part}_validation_annotations.csv'), encoding='utf8') as file:
        for row in csv.DictReader(file):
            span, label = row['span'].strip(), row['label'].strip()
            if span and label in labels:
                relevant.append((span, labels[label]))
    write = lambda name: open(os.path.join(out, name), 'w', encoding='utf8')
    with write('corpus.jsonl') as corpus:
        for label, number in labels.items():
            print(json.dumps({'_id': number, 'text': label}), file=corpus)
    with write('queries.jsonl') as queries, write('qrels.tsv') as qrels:
        print('query-id\tcorpus-id\tscore', file=qrels)
        for number, (span, label) in enumerate(relevant):  # a span that people linked twice counts twice, as in the benchmark
            print(json.dumps({'_id': f'q{number}', 'text': span}), file=queries)
            print(f'q{number}\t{label}\t1', file=qrels)
    print(f'{len(labels)} labels, {len(relevant)} spans')


main(*sys.argv[1:])
