"""The English teacher, all-MiniLM-L6-v2: texts to unit vectors, kept in a cache so that each text is read once."""
import hashlib
import os

import numpy as np
import torch
import torch.nn.functional as F
from transformers import AutoTokenizer, BertModel


class Teacher:
    WIDTH = 384

    def __init__(self, folder, max_tokens=256):
        self.model = BertModel.from_pretrained(folder, dtype=torch.float32).eval().to(torch.bfloat16)
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.max_tokens = max_tokens

    @torch.inference_mode()
    def encode(self, texts, budget=8192, report=None):
        """Unit vectors (texts, 384): mean over the tokens of the last layer."""
        ids = self.tokenizer(texts, truncation=True, max_length=self.max_tokens)['input_ids']
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        vectors, start = np.zeros((len(ids), self.WIDTH), np.float32), 0
        while start < len(order):
            length = len(ids[order[start]]) + 2
            rows = [i for i in order[start:start + max(1, budget // length)] if len(ids[i]) <= length + length // 8]
            start += len(rows)
            longest = max(len(ids[i]) for i in rows)
            tokens = torch.tensor([ids[i] + [0] * (longest - len(ids[i])) for i in rows])
            mask = torch.tensor([[1] * len(ids[i]) + [0] * (longest - len(ids[i])) for i in rows])
            states = self.model(tokens, attention_mask=mask).last_hidden_state.float()  # (rows, tokens, 384)
            mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            vectors[rows] = F.normalize(mean, dim=-1).numpy()
            if report:
                report(start, len(order))
        return vectors


def cached(teacher_folder, texts, file, report=None):
    """The vectors of texts, from file where it holds exactly these texts, else computed and kept there (float16)."""
    stamp = hashlib.sha256('\n'.join(texts).encode()).hexdigest()
    if os.path.exists(file):
        kept = np.load(file)
        if str(kept['stamp']) == stamp:
            return kept['vectors'].astype(np.float32)
    vectors = Teacher(teacher_folder).encode(texts, report=report)
    np.savez(file, stamp=stamp, vectors=vectors.astype(np.float16))
    return vectors
