"""Step 1. The teacher reads every short text: python encode.py DATA TEACHER WORK"""
import os
import sys
import time

import torch

import corpus
import teacher
from sources import Sources


def main(data, folder, work):
    torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', 2)))
    os.makedirs(work, exist_ok=True)
    for kind, texts in corpus.kinds(Sources(data)).items():
        start = time.time()
        vectors = teacher.cached(folder, texts, os.path.join(work, f'teacher-{kind}.npz'))
        print(kind, vectors.shape, f'{time.time() - start:.0f} s', flush=True)


main(*sys.argv[1:])
