"""Writes src/RtMatching.Inference/Tokenizer/CanonicalTables.cs from the Unicode character database (https://www.unicode.org/ucd/).

Only what Hugging Face tokenizers' own NFC knows is written: its tables are an older Unicode's, and ids must be equal to it.
Needs Python with `tokenizers`. Usage: python3 unicode_tables.py > CanonicalTables.cs
"""
import textwrap
import unicodedata

from tokenizers import normalizers

NFC = normalizers.NFC().normalize_str
POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
SYLLABLES = range(0xAC00, 0xD7A4)


def combining_class(c):
    """The class, or 0 where the oracle does not reorder the mark."""
    cc = unicodedata.combining(chr(c))
    probes = ("x" + chr(c) + "\u0316\u0301", "x\u0345" + chr(c) + "\u0300" + chr(c))
    return cc if cc and all(NFC(p) == unicodedata.normalize("NFC", p) for p in probes) else 0


def decomposition(c):
    """One level of the canonical decomposition as `C0=41 300`, with `!` where NFC does not compose it again."""
    parts = unicodedata.decomposition(chr(c))
    if not parts or parts.startswith("<"):
        return None
    full = unicodedata.normalize("NFD", chr(c))
    if NFC(full) != unicodedata.normalize("NFC", full):
        return None
    composes = NFC(chr(c)) == chr(c)
    return f"{c:X}=" + " ".join(f"{int(p, 16):X}" for p in parts.split()) + ("" if composes else "!")


def class_ranges():
    ranges = []
    for c in POINTS:
        cc = combining_class(c)
        if cc and ranges and ranges[-1][1] == c - 1 and ranges[-1][2] == cc:
            ranges[-1][1] = c
        elif cc:
            ranges.append([c, c, cc])
    return [f"{a:X}-{b:X}:{cc}" for a, b, cc in ranges]


def literal(items):
    # Items hold blanks; a semicolon ends each, so that lines may be broken anywhere between them.
    lines, line = [], ""
    for item in items:
        if len(line) + len(item) + 1 > 128:
            lines.append(line)
            line = ""
        line += item + ";"
    return textwrap.indent("\n".join(lines + [line]), " " * 8)


print(f'''namespace RtMatching.Inference.Tokenizer;

/// <summary>Canonical decompositions and combining classes of Unicode, as far as Hugging Face tokenizers' NFC knows them.</summary>
/// <remarks>
/// Written by tests/oracle/unicode_tables.py from the Unicode character database (https://www.unicode.org/ucd/, Unicode License v3).
/// Hangul syllables are absent: they are computed.
/// </remarks>
internal static class CanonicalTables
{{
    /// <summary><c>first-last:class</c>, hexadecimal code points, decimal class.</summary>
    public const string CombiningClasses = """
{literal(class_ranges())}
        """;

    /// <summary><c>point=first second</c> or <c>point=single</c>; a final <c>!</c> marks what is not composed again.</summary>
    public const string Decompositions = """
{literal([d for d in map(decomposition, (c for c in POINTS if c not in SYLLABLES)) if d])}
        """;
}}''')
