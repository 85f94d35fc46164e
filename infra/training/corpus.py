"""The short texts that the teacher reads, by kind. Documents are composed from them (documents.py), so the teacher never reads a document."""
import random

from sources import clean, sentences

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


def kinds(sources, seed=1):
    """Kind -> unique texts, in the order in which they are needed."""
    rng = random.Random(seed)
    occupations, skills, esco = sources.occupations(), sources.skills(), sources.esco_occupations()
    sts = [s for pair in sources.sts_en() for s in pair[1:3]]
    general = unique(sources.general_sentences(), 8)
    titles = [t for o in occupations.values() for t in [o.title] + o.titles[:20]]
    found = {
        'sts': unique(sts),
        'tasks': unique(t for o in occupations.values() for t in o.tasks),
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
    }
    return found
