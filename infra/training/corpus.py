"""The short texts that the teacher reads, by kind. Documents are composed from them (documents.py), so the teacher never reads a document."""
import random
import re

from sources import clean, sentences
from wording import worded

SKILL_FRAMES = (
    'strong knowledge of {}', 'experience with {}', 'experience in {}', 'you will {}', 'you are able to {}', 'must be able to {}', 'proficient in {}',
    'excellent {} skills', 'ability to {}', 'good understanding of {}', 'hands-on experience with {}', 'responsible for {}', 'a passion for {}',
    'knowledge of {} is a plus', 'demonstrated ability to {}', 'you have worked with {}', 'familiarity with {}', '{} required', 'able to {} independently',
    'proven track record in {}', 'willingness to {}', '{} (preferred)', 'skilled in {}', 'background in {}', 'to {}')


def unique(texts, least=2, most=600):
    return [t for t in dict.fromkeys(map(clean, texts)) if least <= len(t) <= most]


def framed_skills(skills, rng, count):
    """(phrase as a job ad would have it, the skill's label)."""
    out = []
    for skill in rng.sample(skills, min(count, len(skills))):
        words = rng.choice([skill.label] + skill.alternatives)
        out.append((rng.choice(SKILL_FRAMES).format(words), skill.label))
    return out


def verbs_of(tasks):
    """The words that tasks begin with, in lower case."""
    return {task.split(' ')[0].lower() for task in tasks}


def reworded_skills(skills, verbs, rng):
    """(skill in other words, its label): 'manage budgets' as 'managing budgets', 'managed budgets', 'budgets', 'ability to manage budgets'."""
    out = []
    for skill in skills:
        for words in [skill.label] + skill.alternatives:
            first, _, rest = words.partition(' ')
            kind = rng.random()
            if kind < .3 or first.lower() not in verbs:
                out.append((rng.choice(SKILL_FRAMES).format(words), skill.label))
            elif rest and kind < .55:
                out.append((worded(words, rng, 'gerund'), skill.label))
            elif rest and kind < .65:
                out.append((worded(words, rng, 'past'), skill.label))
            elif len(rest) > 4 and kind < .8:
                out.append((rest, skill.label))
    return [(clean(text).lower() if rng.random() < .5 else clean(text), label) for text, label in out]


def clauses(tasks, verbs, rng):
    """Pieces of tasks, as short as the phrases in which job ads name what they want."""
    for task in tasks:
        for piece in re.split(r', (?:and |or )?|; | such as | using | to | by | for | including | that | with ', task.rstrip('. ')):
            if 2 <= len(piece.split(' ')) <= 9:
                kind = rng.random() if piece.split(' ')[0].lower() in verbs else 1
                piece = worded(piece, rng, 'gerund' if kind < .3 else 'past' if kind < .4 else 'as is')
                yield rng.choice(SKILL_FRAMES).format(piece.lower()) if rng.random() < .25 else piece


def kinds(sources, seed=1):
    """Kind -> unique texts, in the order in which they are needed."""
    rng = random.Random(seed)
    occupations, skills, esco = sources.occupations(), sources.skills(), sources.esco_occupations()
    sts = [s for pair in sources.sts_en() for s in pair[1:3]]
    general = unique(sources.general_sentences(), 8)
    titles = [t for o in occupations.values() for t in [o.title] + o.titles[:20]]
    tasks = [t for o in occupations.values() for t in o.tasks]
    verbs = verbs_of(tasks)
    found = {
        'sts': unique(sts),
        'tasks': unique(tasks),
        'titles': unique(titles + [o[0] for o in esco] + [a for o in esco for a in rng.sample(o[1], min(3, len(o[1])))]),
        'technologies': unique(t for o in occupations.values() for t in o.technologies),
        'skills': unique(s.label for s in skills),
        'alternatives': unique(a for s in skills for a in s.alternatives),
        'descriptions': unique([o.description for o in occupations.values()] + [d for s in skills for d in sentences(s.description)]
                               + [d for o in esco for d in sentences(o[2])]),
        'framed': unique(p for p, _ in framed_skills(skills, rng, 12000)),
        'groups': unique([r['DWA Title'] for r in sources.onet('DWA Reference')] + [r['preferredLabel'] for r in sources.esco('ISCOGroups_en')]
                         + [d for r in sources.esco('skillsHierarchy_en') for d in sentences(r['Description'])]),
        'general': rng.sample(general, 24000),
        'reworded': unique(p for p, _ in reworded_skills(skills, verbs, random.Random(9))),
        'clauses': unique(clauses(tasks, verbs, random.Random(10))),
    }
    chosen = set(found['general'])
    found['further'] = [t for t in general if t not in chosen]
    return found
