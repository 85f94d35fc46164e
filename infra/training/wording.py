"""How CVs and job ads word a task or a skill: 'Direct budgets.' -> 'Directed budgets', 'directing budgets', 'direct budgets'."""
import re

IRREGULAR = {'lead': 'led', 'write': 'wrote', 'teach': 'taught', 'build': 'built', 'sell': 'sold', 'buy': 'bought', 'make': 'made', 'give': 'gave',
             'meet': 'met', 'keep': 'kept', 'drive': 'drove', 'run': 'ran', 'set': 'set', 'cut': 'cut', 'read': 'read', 'take': 'took', 'draw': 'drew',
             'oversee': 'oversaw', 'find': 'found', 'hold': 'held', 'speak': 'spoke', 'bring': 'brought', 'feed': 'fed', 'grow': 'grew', 'shut': 'shut',
             'lay': 'laid', 'pay': 'paid', 'choose': 'chose', 'get': 'got', 'put': 'put', 'bend': 'bent', 'fit': 'fitted', 'plan': 'planned',
             'ship': 'shipped', 'stop': 'stopped', 'trim': 'trimmed', 'mix': 'mixed', 'sew': 'sewed', 'show': 'showed', 'submit': 'submitted',
             'refer': 'referred', 'transfer': 'transferred', 'understand': 'understood', 'undertake': 'undertook', 'do': 'did', 'tell': 'told'}
DOUBLED = ('run', 'set', 'cut', 'plan', 'ship', 'stop', 'trim', 'get', 'put', 'fit', 'shut', 'submit', 'refer', 'transfer')


def past(verb):
    low = verb.lower()
    if low in IRREGULAR:
        word = IRREGULAR[low]
    elif low.endswith('e'):
        word = low + 'd'
    elif re.search('[^aeiou]y$', low):
        word = low[:-1] + 'ied'
    else:
        word = low + 'ed'
    return word


def gerund(verb):
    low = verb.lower()
    if low in DOUBLED:
        return low + low[-1] + 'ing'
    return (low[:-1] if low.endswith('e') and not low.endswith('ee') else low) + 'ing'


def worded(task, rng, voice):
    """The task as a CV or job ad words it: 'Direct budgets.' -> 'Directed budgets', 'directing budgets', 'Direct budgets'."""
    words = task.rstrip('. ').split(' ')
    inflect = {'past': past, 'gerund': gerund}.get(voice)
    if inflect and words[0].isalpha():
        words[0] = inflect(words[0]).capitalize()
        if len(words) > 2 and words[1] in ('or', 'and') and words[2].rstrip(',').isalpha():  # 'Direct or coordinate': the second verb too
            words[2] = inflect(words[2].rstrip(',')) + (',' if words[2].endswith(',') else '')
    text = ' '.join(words)
    if rng.random() < .25 and ', ' in text[30:]:
        text = text[:30] + text[30:].split(', ')[0]
    return text
