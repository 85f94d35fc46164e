"""Batches of the prepared data: which texts, what they should be like. The student (bag.py or train.py) says how they are encoded."""
import numpy as np
import torch

from losses import cuts, match, order, regress, relate, resemble, unit

BLEND = .3      # of the occupation's centroid in a document's target: with more of it all software engineers are one
TITLE = (.5, .2)  # of the title in a document's target, where it stands at the top and where it does not: headlines say most
RESEMBLING, OTHERS = 768, 1024  # texts of a batch that are compared with so many others: all of a large one would cost more than the rest
COMMON = .7     # of what all documents have in common that their targets leave out


class Data:
    def __init__(self, file, width, titled=False, seed=0):
        d = torch.load(file)
        self.rng = np.random.default_rng(seed)
        self.width = width
        self.short, self.spread, self.long = d['short'], d['spread'], d['long']
        self.targets, self.sure = unit(d['targets'][:, :width]), d['sure']
        self.english, self.zh = d['english'].numpy(), d['zh']
        self.zh_vectors, self.gold, self.skill, self.titles = unit(d['zh_vectors']), d['gold'], d['skill'], d['titles']
        self.owners, self.related, self.words = d['owners'].numpy(), d['related'], d['words']
        own = unit(d['doc_targets']) + BLEND * d['centroids'][d['owners']].float()
        own = unit(own)
        if titled:
            own = unit(own + torch.where(d['topped'], *TITLE)[:, None] * unit(d['doc_titles']))
        self.common = COMMON * own.mean(0)
        self.doc_targets = unit((own - self.common)[:, :width])
        self.occupations = unit((d['centroids'].float() - self.common)[:, :width])
        self.names = self.skill[:, 1].unique().numpy()
        self.all_names = torch.cat([self.skill[:, 1], self.titles[:, 1]]).unique()
        self.of_owner = [np.flatnonzero(self.owners == o) for o in range(int(self.owners.max()) + 1)]

    def ids(self, store, rows):
        flat, starts = store
        return [flat[starts[r]:starts[r + 1]] for r in rows]

    def texts(self, rows, spread=.25):
        """Token ids of short texts, some of them with other blanks."""
        plain, other = self.ids(self.short, rows), self.ids(self.spread, rows)
        return [b if self.rng.random() < spread else a for a, b in zip(plain, other)]

    def beginnings(self, rows, most=256, whole=.4):
        """Documents as they are, or only their beginning: cheaper, and what a shorter window leaves."""
        return [ids if self.rng.random() < whole else ids[:most] for ids in self.ids(self.long, rows)]

    def english_rows(self, size, one_in=8):
        """One in so many of them the name of a skill: what phrases are linked to."""
        names = self.rng.choice(self.names, size // one_in, replace=False)
        return np.concatenate([names, self.rng.choice(self.english, size - len(names), replace=False)])

    def pair_rows(self, pairs, size):
        """Pairs for contrast, half of them neighbours in the list (of one skill's or occupation's surroundings: hard negatives)."""
        near = (self.rng.integers(0, len(pairs)) + np.arange(size // 2)) % len(pairs)
        return pairs[np.concatenate([near, self.rng.choice(len(pairs), size - size // 2, replace=False)])]

    def gold_rows(self, name, size):
        rows = self.gold[name]
        return rows[self.rng.choice(len(rows), min(size, len(rows)), replace=False)]

    def document_rows(self, owners):
        """Two documents each of occupations, half of these related to one another."""
        start, chosen = self.rng.integers(0, len(self.of_owner)), []
        seen = set()
        queue = [int(start)]
        while queue and len(chosen) < owners // 2:
            now = queue.pop(0)
            if now not in seen:
                seen.add(now)
                chosen.append(now)
                queue += [r for r in self.related[now][:8] if r not in seen]
        rest = [o for o in self.rng.permutation(len(self.of_owner)) if o not in seen]
        chosen += rest[:owners - len(chosen)]
        two = [self.rng.choice(self.of_owner[o], 2, replace=False) for o in chosen]
        return np.array([t[0] for t in two] + [t[1] for t in two])

    # What each kind of batch asks of the vectors.

    def loss_english(self, e, rows):
        target, others, loss = self.targets[rows], self.targets[self.english_rows(OTHERS, one_in=2)], 0
        for d, weight in cuts(self.width, self.rng):
            ed, td = unit(e[:, :d]), unit(target[:, :d])
            loss = loss + (regress(ed, td) + .5 * resemble(ed[:RESEMBLING], td[:RESEMBLING], unit(others[:, :d]))) * weight
        return loss

    def loss_zh(self, e, at):
        """at: rows of self.zh."""
        z, e = self.zh_vectors[at], unit(e)
        similarity = ((z @ z.T - .75) / .25).clamp(-.2, 1)
        rows = self.zh[at]
        return regress(e, self.targets[rows], self.sure[rows]) + 5 * relate(e, similarity)

    def loss_gold(self, first, second, scores):
        loss = 0
        for d, weight in cuts(self.width, self.rng):
            cosines = (unit(first[:, :d]) * unit(second[:, :d])).sum(-1)
            loss = loss + order(cosines, scores) * weight
        return loss

    def partners(self, rows, size):
        """Target vectors to choose from, the right ones among them: (index of each row's own, vectors)."""
        names = torch.cat([rows[:, 1], self.all_names[self.rng.integers(0, len(self.all_names), size)]]).unique()
        return torch.searchsorted(names, rows[:, 1].contiguous()), self.targets[names]

    def loss_choice(self, e, right, others, temperature=.05):
        loss = 0
        for d, weight in cuts(self.width, self.rng):
            scores = unit(e[:, :d]) @ unit(others[:, :d]).T / temperature
            loss = loss + torch.nn.functional.cross_entropy(scores, right) * weight
        return loss

    def loss_occupation(self, e, rows, temperature=.1):
        """Of all occupations the document's own."""
        return torch.nn.functional.cross_entropy(unit(e) @ self.occupations.T / temperature, torch.as_tensor(self.owners[rows]))

    def loss_documents(self, e, rows):
        target, half, loss = self.doc_targets[rows], len(rows) // 2, 0
        same = torch.zeros(half, half, dtype=torch.bool)
        for d, weight in cuts(self.width, self.rng):
            ed, td = unit(e[:, :d]), unit(target[:, :d])
            part = regress(ed, td) + 10 * relate(ed, td @ td.T) + .2 * match(ed[:half], ed[half:], same, .07)
            loss = loss + part * weight
        return loss
