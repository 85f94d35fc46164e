"""CVs and job ads composed from O*NET's occupations, in the many forms that real ones have after text extraction.

Each document comes with its *parts*: the short texts (tasks, titles, technologies, descriptions) that say what it is about, with weights.
A document's target vector is made of the teacher's vectors of its parts, so the teacher never has to read documents, and the phrases that
every CV contains are no part of any target: the student learns to pass over them.
"""
import random

import phrases
from corpus import unique
from wording import worded


class Composer:
    def __init__(self, occupations, skills, seed):
        self.occupations, self.codes, self.rng = occupations, sorted(occupations), random.Random(seed)
        self.titles = {code: unique([o.title] + o.titles[:20]) for code, o in occupations.items()}

    def document(self, code, kind):
        return self.cv(code) if kind == 'cv' else self.job(code)

    def title(self, code):
        rng = self.rng
        return rng.choice(self.titles[code][:6] if rng.random() < .4 else self.titles[code])

    def heading(self, name):
        rng, (english, chinese) = self.rng, phrases.HEADINGS[name]
        text = rng.choice(chinese) if self.chinese else rng.choice(english)
        text = text.upper() if self.capitals else text
        return text + (':' if self.colons else '')

    def dates(self):
        rng = self.rng
        start = rng.randint(1988, 2021)
        end = rng.choice(['Current', 'Present', str(start + rng.randint(1, 9)), str(start + 1)])
        month = lambda: rng.choice(phrases.MONTHS)
        return rng.choice([f'{start} - {end}', f'{month()} {start} to {month() + " " if end.isdigit() else ""}{end}', f'({start}-{end})',
                           f'{rng.randint(1, 12):02}/{start} to {str(rng.randint(1, 12)).zfill(2) + "/" if end.isdigit() else ""}{end}'])

    def style(self):
        rng = self.rng
        self.capitals, self.colons, self.chinese = rng.random() < .3, rng.random() < .2, rng.random() < .04
        self.bullet = rng.choice(['- ', '• ', '* ', '', '', ''])
        self.separator = rng.choice(['\n', '\n', '\n', '. ', '. ', ' ', '; '])
        self.voice = rng.choice(['past', 'past', 'gerund', 'as is'])

    def duties(self, code, count, parts, weight, voice=None):
        rng = self.rng
        tasks = rng.sample(self.occupations[code].tasks, min(count, len(self.occupations[code].tasks)))
        parts += [('tasks', t, weight) for t in tasks]
        lines = [worded(t, rng, voice or self.voice) for t in tasks]
        if rng.random() < .6:
            for _ in range(rng.randint(1, 1 + count // 3)):
                lines.insert(rng.randint(0, len(lines)), rng.choice(phrases.ANY_DUTY))
        end = '.' if self.separator == ' ' or rng.random() < .5 else ''
        return self.separator.join(self.bullet + line + end for line in lines)

    def technologies(self, code, parts, most):
        rng, known = self.rng, list(dict.fromkeys(self.occupations[code].technologies))
        names = rng.sample(known, min(len(known), rng.randint(0, most)))
        parts += [('technologies', t, .5) for t in names]
        everyday = rng.sample(phrases.ANY_SKILL, rng.randint(0, 6))
        both = names + everyday
        rng.shuffle(both)
        return rng.choice([', ', ', ', '\n', ' ', '; ', ' | ']).join(both)

    def education(self, code):
        rng = self.rng
        field = rng.choice(phrases.FIELDS.get(code[:2], phrases.FIELDS['']))
        degree, school = rng.choice(phrases.DEGREES), rng.choice(phrases.SCHOOLS)
        place = rng.choice(['City , State', 'City, State', rng.choice(phrases.PLACES)])
        return rng.choice([f'{degree} : {field} {rng.randint(1980, 2020)} {school} {place}', f'{degree}, {field}, {school}, {rng.randint(1980, 2020)}',
                           f'{school} {place} {degree} : {field}', f'High School Diploma {rng.randint(1980, 2018)} {school} {place}'])

    def employer(self):
        rng = self.rng
        return rng.choice(['Company Name City , State', 'Company Name', f'{rng.choice(phrases.EMPLOYERS)} {rng.choice(phrases.PLACES)}',
                           f'{rng.choice(phrases.EMPLOYERS)}, {rng.choice(phrases.PLACES)}'])

    def cv(self, code):
        rng = self.rng
        self.style()
        parts, blocks, occupation = [], [], self.occupations[code]
        title = self.title(code)
        parts.append(('titles', title, 1.5))
        if rng.random() < .75:
            blocks.append([title.upper() if rng.random() < .6 else title])
        if rng.random() < .65:
            lines = rng.sample(phrases.ABOUT_ANYONE, rng.randint(1, 4))
            lines = [l.replace('{title}', title if rng.random() < .5 else 'professional').replace('{years}', str(rng.randint(2, 30))) for l in lines]
            if rng.random() < .25:
                lines.insert(rng.randint(0, len(lines)), occupation.description)
                parts.append(('descriptions', occupation.description, 1))
            blocks.append([self.heading('summary'), ' '.join(lines)])
        skills = [self.heading('skills'), self.technologies(code, parts, 12)]
        if rng.random() < .5:
            blocks.append(skills)
        if rng.random() < .3:
            blocks.append([self.heading('highlights'), self.duties(code, rng.randint(2, 6), parts, .7, 'gerund')])
        jobs = [self.heading('experience')]
        size = rng.choice([2, 4, 6, 8, 12])
        held, now = rng.randint(1, 4), code
        for number in range(held):
            weight = 1 / (1 + number)
            if number and rng.random() < .3 and occupation.related:
                now = rng.choice(occupation.related[:6])
            name = title if number == 0 and rng.random() < .6 else self.title(now)
            parts.append(('titles', name, weight))
            first = [name, self.employer(), self.dates()]
            if rng.random() < .4:
                rng.shuffle(first)
            jobs.append(rng.choice([' ', '\n', ', ', '  ']).join(first))
            jobs.append(self.duties(now, max(1, size - 2 * number + rng.randint(-1, 2)), parts, weight))
        blocks.append(jobs)
        if rng.random() < .7:
            blocks.append([self.heading('education'), '\n'.join(self.education(code) for _ in range(rng.randint(1, 2)))])
        if skills not in blocks and rng.random() < .7:
            blocks.append(skills)
        if rng.random() < .15:
            blocks[1:] = rng.sample(blocks[1:], len(blocks) - 1)
        glue = rng.choice(['\n', '\n', '\n', '\n\n', ' '])
        return glue.join(glue.join(block) for block in blocks), parts

    def job(self, code):
        rng = self.rng
        self.style()
        parts, blocks, occupation = [], [], self.occupations[code]
        title = self.title(code)
        parts.append(('titles', title, 2))
        if rng.random() < .7:
            blocks.append([rng.choice(['', 'Job Title: ', 'Position: ']) + title])
        opening = rng.sample(phrases.ABOUT_EMPLOYER, rng.randint(1, 4))
        opening = [o.replace('{title}', title).replace('{employer}', rng.choice(phrases.EMPLOYERS)).replace('{place}', rng.choice(phrases.PLACES)) for o in opening]
        blocks.append(([self.heading('about')] if rng.random() < .5 else []) + [' '.join(opening)])
        if rng.random() < .25:
            blocks.append([occupation.description])
            parts.append(('descriptions', occupation.description, 1))
        blocks.append([self.heading('responsibilities'), self.duties(code, rng.randint(3, 12), parts, 1, rng.choice(['as is', 'as is', 'gerund']))])
        wanted = [l.replace('{years}', str(rng.randint(1, 12))).replace('{field}', rng.choice(phrases.FIELDS.get(code[:2], phrases.FIELDS[''])))
                  for l in rng.sample(phrases.WANTED_ANYWHERE, rng.randint(1, 6))]
        names = self.technologies(code, parts, 8)
        if names:
            wanted.insert(rng.randint(0, len(wanted)), rng.choice(['Experience with ', 'Knowledge of ', 'Skills: ', '']) + names)
        if rng.random() < .4:
            extra = rng.sample(occupation.tasks, min(3, len(occupation.tasks)))
            parts += [('tasks', t, .7) for t in extra]
            wanted += ['Experience in ' + worded(t, rng, 'gerund').lower() for t in extra]
        blocks.append([self.heading('requirements'), self.separator.join(self.bullet + w for w in wanted)])
        if rng.random() < .5:
            blocks.append([self.heading('benefits'), ' '.join(rng.sample(phrases.BENEFITS, rng.randint(1, 4)))])
        glue = rng.choice(['\n', '\n', '\n\n', ' '])
        return glue.join(glue.join(block) for block in blocks), parts
