#!/usr/bin/env python3
"""Writes samples/: made-up CVs (PDF, DOCX, HTML, TXT, JSON Resume) and job descriptions for the demo and the tests.

Nobody here exists: names, employers and schools are invented, phone numbers come from ranges reserved for fiction, and every
address is at example.org. Deterministic: the same script writes the same bytes. Needs Python 3.11 and reportlab.

    python3 infra/samples/generate.py samples
"""
import html
import io
import json
import random
import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from occupations import ENGLISH, CHINESE, JOBS

FIRST = """Amara Bram Celine Darius Elowen Farid Greta Hamish Ines Jarek Keiko Lionel Maren Nadia Oskar Petra Quentin Rosalind Soren
Talia Ulric Vesna Wendell Xenia Yusuf Zelda Anouk Bastian Corinne Dmitri Esme Florian Gwen Hollis Imre Joss Katya Leopold Mireille
Nils Odette Piers Rhea Stellan Thandi Uma Viggo Wren Yara Zoltan Alba Benno Clio Dov Edda Finn""".split()
LAST = """Ashgrove Bellweather Corvane Dunmoor Eastholm Fairlocke Greymont Hollowell Islewood Jarrowby Kestrane Lindqvale Marchbanks
Northam Oakhurstle Penhallin Quillfeather Ravensby Stonelake Thornquist Underhay Valemont Westerlind Yarrowdale Zellinger Arkwold
Brindleman Copperfeld Drakemoor Emberley Foxhallow Glenmarrow""".split()
EMPLOYERS = """Blue Heron|Northlight|Quarry Hill|Silverbeck|Tern & Tide|Oakline|Harrowgate|Lumen Valley|Fennel Street|Kingfisher|
Redmoor|Saltmarsh|Copperline|Windrush|Ember Lane|Larkfield|Stonebridge|Meridian Row|Alder & Ash|Foxglove""".replace("\n", "").split("|")
TOWNS = ["Eastmere", "Port Callow", "Wickham Vale", "Lowfield", "Branscombe Bay", "Haddenham Cross", "Millhaven", "Sutterby"]
SCHOOLS = ["Eastmere University", "Port Callow Institute of Technology", "Wickham Vale College", "Northern Lowfield University"]
FORMATS = ["pdf", "docx", "html", "txt", "json"]
PER_OCCUPATION = 6


def person(rng, used):
    while True:
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        if name not in used:
            used.add(name)
            return name


def english_cv(occupation, index, rng, used):
    """One CV as a dictionary that every writer lays out in its own way."""
    level = index % 3
    name = person(rng, used)
    bullets = rng.sample(occupation["bullets"], 9)
    start = 2024 - (3, 8, 15)[level] - rng.randint(0, 2)
    middle = rng.randint(start + 1, 2022)
    employers = rng.sample(EMPLOYERS, 2)
    roles = [
        (occupation["titles"][level], f"{employers[0]} {occupation['employer']}", f"{middle} - present", bullets[:5]),
        (occupation["titles"][max(0, level - 1)], f"{employers[1]} {occupation['employer']}", f"{start} - {middle}", bullets[5:9]),
    ]
    return {
        "name": name,
        "email": name.lower().replace(" ", ".") + "@example.org",
        "phone": f"+44 20 7946 0{rng.randint(100, 999)}",
        "town": rng.choice(TOWNS),
        "title": occupation["titles"][level],
        "summary": rng.choice(occupation["summaries"]).format(years=2026 - start),
        "roles": roles,
        "education": [(rng.choice(occupation["degrees"]), rng.choice(SCHOOLS), str(start))],
        "skills": rng.sample(occupation["skills"], 9),
        "extra": rng.choice(occupation["extra"]),
        "headings": ("Summary", "Experience", "Education", "Skills", "Certificates and languages"),
    }


def chinese_cv(occupation, index, rng):
    bullets = rng.sample(occupation["bullets"], 6)
    start = 2023 - 4 * (index + 1)
    return {
        "name": occupation["names"][index],
        "email": f"{occupation['slug']}{index + 1}@example.org",
        "phone": f"+86 000 0000 {rng.randint(1000, 9999)}",
        "town": occupation["towns"][index],
        "title": occupation["titles"][index % 2],
        "summary": occupation["summaries"][index % len(occupation["summaries"])].format(years=2026 - start),
        "roles": [
            (occupation["titles"][index % 2], occupation["employers"][0], f"{start + 3} - 至今", bullets[:3]),
            (occupation["titles"][0], occupation["employers"][1], f"{start} - {start + 3}", bullets[3:]),
        ],
        "education": [(occupation["degree"], occupation["school"], str(start))],
        "skills": rng.sample(occupation["skills"], 7),
        "extra": occupation["extra"],
        "headings": ("个人简介", "工作经历", "教育背景", "专业技能", "证书与语言"),
    }


def lines(cv):
    """(style, text) pairs in reading order; style is name, contact, heading, role, bullet or text."""
    summary, experience, education, skills, extra = cv["headings"]
    yield "name", cv["name"]
    yield "text", cv["title"]
    yield "contact", f"{cv['town']} | {cv['email']} | {cv['phone']}"
    yield "heading", summary
    yield "text", cv["summary"]
    yield "heading", experience
    for title, employer, years, bullets in cv["roles"]:
        yield "role", f"{title}, {employer} ({years})"
        for bullet in bullets:
            yield "bullet", bullet
    yield "heading", education
    for degree, school, year in cv["education"]:
        yield "text", f"{degree}, {school}, {year}"
    yield "heading", skills
    yield "text", ", ".join(cv["skills"])
    yield "heading", extra
    yield "text", cv["extra"]


def write_txt(cv, path):
    marks = {"heading": "\n{}\n", "bullet": "- {}\n", "role": "\n{}\n"}
    path.write_text("".join(marks.get(style, "{}\n").format(text.upper() if style == "heading" else text) for style, text in lines(cv)),
                    encoding="utf-8")


def write_html(cv, path):
    tags = {"name": "h1", "heading": "h2", "role": "h3", "bullet": "li"}
    body = "\n".join(f"<{tags.get(style, 'p')}>{html.escape(text)}</{tags.get(style, 'p')}>" for style, text in lines(cv))
    body = body.replace("</h3>\n<li>", "</h3>\n<ul>\n<li>").replace("</li>\n<h", "</li>\n</ul>\n<h")
    path.write_text(f"<!doctype html>\n<html>\n<head><meta charset=\"utf-8\"><title>CV</title><style>h1 {{ font-size: 20pt }}</style></head>\n"
                    f"<body>\n{body}\n</body>\n</html>\n", encoding="utf-8")


def write_json(cv, path):
    """https://jsonresume.org/schema"""
    resume = {
        "basics": {"name": cv["name"], "label": cv["title"], "email": cv["email"], "phone": cv["phone"], "summary": cv["summary"],
                   "location": {"city": cv["town"]}},
        "work": [{"name": employer, "position": title, "startDate": years.split(" - ")[0], "highlights": bullets}
                 for title, employer, years, bullets in cv["roles"]],
        "education": [{"institution": school, "area": degree, "endDate": year} for degree, school, year in cv["education"]],
        "skills": [{"name": skill} for skill in cv["skills"]],
        "certificates": [{"name": cv["extra"]}],
    }
    path.write_text(json.dumps(resume, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_docx(cv, path):
    """The three parts that a word processor needs, and a table for the skills."""
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

    def paragraph(style, text):
        look = {"name": '<w:rPr><w:b/><w:sz w:val="36"/></w:rPr>', "heading": '<w:rPr><w:b/><w:sz w:val="26"/></w:rPr>', "role": "<w:rPr><w:b/></w:rPr>"}
        mark = "\u2022 " if style == "bullet" else ""
        return f'<w:p><w:r>{look.get(style, "")}<w:t xml:space="preserve">{mark}{escape(text)}</w:t></w:r></w:p>'

    def table(cells):
        rows = [cells[i:i + 3] for i in range(0, len(cells), 3)]
        return "<w:tbl>" + "".join("<w:tr>" + "".join(f"<w:tc>{paragraph('text', c)}</w:tc>" for c in row) + "</w:tr>" for row in rows) + "</w:tbl>"

    body = "".join(table(cv["skills"]) if text == ", ".join(cv["skills"]) else paragraph(style, text) for style, text in lines(cv))
    parts = {
        "[Content_Types].xml": '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": '<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{word}"><w:body>{body}</w:body></w:document>',
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    path.write_bytes(buffer.getvalue())


def write_pdf(cv, path):
    """Every other CV puts its skills into a side column, as many templates do."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import BaseDocTemplate, Frame, FrameBreak, PageTemplate, Paragraph

    styles = {
        "name": ParagraphStyle("name", fontName="Helvetica-Bold", fontSize=18, leading=22),
        "heading": ParagraphStyle("heading", fontName="Helvetica-Bold", fontSize=12, leading=16, spaceBefore=8),
        "role": ParagraphStyle("role", fontName="Helvetica-Oblique", fontSize=10, leading=13, spaceBefore=4),
        "bullet": ParagraphStyle("bullet", fontName="Helvetica", fontSize=10, leading=13, leftIndent=12, bulletIndent=2),
        "text": ParagraphStyle("text", fontName="Helvetica", fontSize=10, leading=13),
    }
    styles["contact"] = styles["text"]

    def flow(pairs):
        return [Paragraph(html.escape(t), styles[s], bulletText="\u2022" if s == "bullet" else None) for s, t in pairs]

    document = BaseDocTemplate(str(path), pagesize=A4, invariant=1, title="CV", author="RtMatching samples")
    pairs = list(lines(cv))
    if len(cv["name"]) % 2:
        document.addPageTemplates(PageTemplate(frames=[Frame(50, 50, 495, 742)]))
        document.build(flow(pairs))
    else:
        side = next(i for i, (_, t) in enumerate(pairs) if t == cv["headings"][3])
        document.addPageTemplates(PageTemplate(frames=[Frame(40, 50, 350, 742), Frame(400, 50, 160, 742)]))
        document.build(flow(pairs[:side]) + [FrameBreak()] + flow(pairs[side:]))


WRITERS = {"pdf": write_pdf, "docx": write_docx, "html": write_html, "txt": write_txt, "json": write_json}


def main(target):
    rng, used = random.Random(20260101), set()
    cvs, jobs = Path(target, "cvs"), Path(target, "jobs")
    cvs.mkdir(parents=True, exist_ok=True)
    jobs.mkdir(parents=True, exist_ok=True)
    count = 0
    for occupation in ENGLISH:
        for index in range(PER_OCCUPATION):
            kind = FORMATS[count % len(FORMATS)]
            WRITERS[kind](english_cv(occupation, index, rng, used), cvs / f"{occupation['slug']}-{index + 1}.{kind}")
            count += 1
    for occupation in CHINESE:
        for index in range(len(occupation["names"])):
            kind = FORMATS[1:][count % 4]
            WRITERS[kind](chinese_cv(occupation, index, rng), cvs / f"{occupation['slug']}-zh-{index + 1}.{kind}")
            count += 1
    for name, text in JOBS.items():
        (jobs / name).write_text(text, encoding="utf-8")
    print(f"{count} CVs, {len(JOBS)} jobs in {target}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "samples")
