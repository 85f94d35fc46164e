"""What rt-mini learns from: the public files, read once and put into the forms that the steps need.

Nothing here touches a development or test part of anything that the model is measured on, and no source without a licence.
"""
import collections
import csv
import hashlib
import os
import re

USED = []  # every file read, for the log's list of hashes

Occupation = collections.namedtuple('Occupation', 'code title description tasks titles technologies tools related')
Skill = collections.namedtuple('Skill', 'label alternatives description')
Pair = collections.namedtuple('Pair', 'first second score')


class Sources:
    """Reads from a folder laid out like the project's data folder: onet/, esco/, sts-b-en/ and so on."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        path = os.path.join(self.folder, name)
        if path not in USED:
            USED.append(path)
        return path

    def lines(self, name):
        with open(self.path(name), encoding='utf8') as file:
            return [line.rstrip('\n') for line in file]

    def onet(self, name):
        with open(self.path(f'onet/{name}.txt'), encoding='utf8') as file:
            return list(csv.DictReader(file, delimiter='\t'))

    def esco(self, name):
        with open(self.path(f'esco/{name}.csv'), encoding='utf8') as file:
            return list(csv.DictReader(file))

    def occupations(self):
        """O*NET's occupations that have tasks, by code."""
        def group(name, column):
            groups = collections.defaultdict(list)
            for row in self.onet(name):
                groups[row['O*NET-SOC Code']].append(row[column])
            return groups
        tasks, titles = group('Task Statements', 'Task'), group('Alternate Titles', 'Alternate Title')
        reported, technologies = group('Sample of Reported Titles', 'Reported Job Title'), group('Technology Skills', 'Example')
        tools, related = group('Tools Used', 'Example'), group('Related Occupations', 'Related O*NET-SOC Code')
        found = {}
        for row in self.onet('Occupation Data'):
            code = row['O*NET-SOC Code']
            if len(tasks[code]) > 5:
                names = list(dict.fromkeys(reported[code] * 1 + titles[code]))
                found[code] = Occupation(code, row['Title'], row['Description'], tasks[code], names or [row['Title']],
                                         technologies[code], tools[code], related[code])
        return {code: o._replace(related=[r for r in o.related if r in found]) for code, o in found.items()}

    def skills(self):
        """ESCO's skills with alternative labels and descriptions where a file has them; every label at least."""
        found = {clean(label): Skill(clean(label), [], '') for label in self.lines('skill-esco-eval/skills_en_label.txt') if clean(label)}

        def add(label, alternatives, description=''):
            label = clean(label)
            old = found.get(label, Skill(label, [], ''))
            found[label] = Skill(label, list(dict.fromkeys(old.alternatives + [a for a in map(clean, alternatives) if a and a != label])),
                                 old.description or clean(description))
        rows = self.esco('skills_en.moffapps')
        groups = [row['altLabels'].split('\n') for row in rows if clean(row['altLabels'])]
        labels = [row['preferredLabel'] for row in rows]
        for label, group in zip(aligned(labels, groups), groups):
            add(label, group)
        for name in ('ictSkillsCollection_en', 'languageSkillsCollection_en', 'transversalSkillsCollection_en'):
            for row in self.esco(name):
                add(row['preferredLabel'], row['altLabels'].split(' | '), row['description'])
        return list(found.values())

    def esco_occupations(self):
        """(label, alternative labels, description) of ESCO's occupations."""
        return [(clean(r['preferredLabel']), [clean(a) for a in (r['altLabels'] or '').split('\n') if clean(a)], clean(r['description'] or ''))
                for r in self.esco('occupations_en')]

    def general_sentences(self):
        """English sentences about anything: captions, rewrites, STS-B's training part."""
        for part in ('dev', 'test'):
            for line in self.lines(f'snli-en-devtest/snli.{part}.tsv'):
                yield from line.split('\t')[1:3]
        for part in ('tune', 'validation', 'test'):
            for number, line in enumerate(self.lines(f'wiki-split/{part}.tsv')):
                whole, halves = line.split('\t')[:2]
                yield from [whole] if number % 2 else halves.split('<::::>')
        for pair in self.sts_en():
            yield from pair[1:3]

    def sts_en(self):
        """(key, first, second, score) of STS-B's English training part; the key is shared with the Chinese translation."""
        rows = (line.split('\t') for line in self.lines('sts-b-en/sts-train.tsv')[1:])
        return [(f'{r[3]}-{r[4]}', clean(r[6]), clean(r[7]), float(r[5])) for r in rows]

    def sts_zh(self):
        rows = (line.split('||') for line in self.lines('sts-b-zh/cnsd-sts-train.txt'))
        return [(r[0], clean(r[1]), clean(r[2]), float(r[3])) for r in rows]

    def afqmc(self):
        rows = (line.split('\t') for line in self.lines('afqmc/train.txt'))
        return [Pair(clean(r[0]), clean(r[1]), float(r[2])) for r in rows if len(r) == 3]


def aligned(labels, groups):
    """For each group of alternative labels its label. The file's second column was written without its empty cells, so that what stands beside a
    label belongs to an earlier one; the order is right. Of all ways to keep it the one in which most words agree."""
    words = lambda text: set(clean(text).lower().split())
    known, spare = [words(label) for label in labels], len(labels) - len(groups)
    best, came = [0.] * (spare + 1), []
    for i, group in enumerate(groups):
        others = [words(a) for a in group if clean(a)]
        alike = lambda label: sum(len(o & label) / len(o | label) for o in others) / len(others)
        row, steps, top = [], [], 0
        for shift in range(spare + 1):
            top = shift if best[shift] > best[top] else top
            row.append(best[top] + alike(known[i + shift]))
            steps.append(top)
        best = row
        came.append(steps)
    shift, out = max(range(spare + 1), key=best.__getitem__), []
    for i in reversed(range(len(groups))):
        out.append(labels[i + shift])
        shift = came[i][shift]
    return out[::-1]


def clean(text):
    return re.sub(r'\s+', ' ', text or '').strip()


def sentences(text):
    return [s for s in re.split(r'(?<=[.!?])\s+(?=[A-Z])', clean(text)) if len(s) > 20]


def hashes():
    """sha256 of every file read so far, by its path below the data folder's parent."""
    return {'/'.join(path.split('/')[-2:]): hashlib.sha256(open(path, 'rb').read()).hexdigest() for path in sorted(USED)}
