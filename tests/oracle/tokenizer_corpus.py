"""Made-up lines that try a tokenizer: the same lines for the same seed. Nobody's text; every sentence is put together here."""
import random
import unicodedata

SPACES = [chr(c) for c in (9, 10, 11, 12, 13, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)]
ALMOST_SPACES = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u180e", "\x00", "\x1b", "\x1f", "\x7f", "\u00ad"]
ADDED = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<pad>", "[MASK]", "wholeword", "<Ångström>", "<|tool|>", "<|tool|>x", "  ~~"]

ENGLISH = {
    "who": "the engineer|a nurse|our new colleague|the warehouse team|Dr. Oakfield|she|they|an old clockmaker|the data analyst|nobody".split("|"),
    "did": "repaired|won't repair|measured|couldn't measure|they've described|re-wrote|has been planning|is learning|didn't see|painted".split("|"),
    "what": "the pumps|a dozen reports|three-phase motors|an index of 12,450 parts|every invoice|the café's menu|naïve estimates|C++ and C#".split("|"),
    "how": "in 2019|for £3.50 each|on the 21st of November|at 07:45|with Python 3.12|quickly|, as we'd hoped,|(twice)|from A to Z|100%".split("|"),
    "end": [".", "!", "?", "...", " ;-)", "?!", ".\n", "\r\n", " -- done.", ":", "", " "],
}
CHINESE = {
    "who": "工程师|一位护士|新来的同事|仓库团队|张老师|她|他们|老钟表匠|数据分析师|没有人".split("|"),
    "did": "修好了|没有修|测量了|正在学习|重新写了|描述过|计划着|看见了|画了|喜欢".split("|"),
    "what": "水泵|十二份报告|三相电机|12450个零件的目录|每张发票|咖啡馆的菜单|粗略的估计|Python和C语言".split("|"),
    "how": "在2019年|每个３．５０元|十一月二十一日|早上七点四十五分|很快|，正如我们所希望的，|（两次）|从头到尾|百分之百|“一次”".split("|"),
    "end": ["。", "！", "？", "……", "；", "。\n", "", "～", "!"],
}
CODE = [
    "for (int {a} = {n}; {a} < {b}.Length; {a}++) {{", "    return {a}[{n}:{m}] if {b} else None  # {a}", "\t\tif err := {a}({b}, 0x{n:X}); err != nil {{",
    "SELECT {a}, COUNT(*) FROM {b} WHERE id >= {n} GROUP BY {a};", "<div class=\"{a}\"><a href='/{b}?q={n}&r={m}'>{a}</a></div>",
    "#define {a} (({b}) << {m})", "let {a} = {b}.iter().map(|x| x + {n}).collect::<Vec<_>>();", "{a}::{b}<{a}> *{b} = new {a}(-{n}.{m}e+10);",
    "$ {a} --{b}={n} | grep -v '^{m}$' > /dev/null 2>&1", "@{a}({b}={n})\r\ndef {b}(self, *{a}, **kw): pass", "{{\"{a}\": [{n}, {m}, null, \"{b}\\n\"]}}",
    "                {a} = {b} ?? throw new {a}Exception($\"{{{b}}}\");", "    \n        {a}();\n\n\n    }}", "// TODO({a}): it's {b}'S, they'LL don'T",
]
NAMES = ["foo", "barBaz", "x", "_private", "HTTPServer2", "snake_case_name", "i18n", "größe", "变量", "λ", "MAX_VALUE", "é"]
OTHER = [
    "Быстрая лиса перепрыгнула через забор", "Η γρήγορη αλεπού πήδηξε", "الثعلب السريع يقفز فوق السور", "השועל המהיר קופץ", "तेज़ लोमड़ी बाड़ के ऊपर से कूद गई",
    "สุนัขจิ้งจอกกระโดดข้ามรั้ว", "빠른 여우가 울타리를 넘었다", "すばやい狐が塀を飛び越えた。カタカナﾊﾝｶｸ", "Con cáo nhanh nhẹn đã nhảy qua hàng rào", "Çabuk tilki çitin üzerinden atladı: İıŞş",
    "Der schnelle Fuchs übersprang den größten Zaun", "L'œuvre d'été coûte 5 €", "ፈጣኑ ቀበሮ", "დამწერლობა", "𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𝟙𝟚𝟛 𐍈𐌰 𠀀𠮷", "Ⅷ ½ ² ③ ٣ ४ ௧ 五", "ſt 'ſ 'S 'LL 'Re", "ﬁ ﬂ Å Ω K 豈 更",
]
EMOJI = ["😀", "👍🏽", "👩‍💻", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "🇨🇳🇯🇵", "1️⃣", "#️⃣", "❤️", "☕", "🧑🏿‍🚀", "✈︎", "🤷🏼‍♀️", "©", "™", "🫠", "‼️"]
MARKS = [chr(c) for c in range(0x300, 0x370)] + list("\u05b0\u05b4\u05bc\u064b\u0651\u0653\u093c\u094d\u09be\u09c7\u0bd7\u0dcf\u0dca\u0f71\u0f72\u0f74\u302a\u3099\u309a\u20d0\u1dc4")
BASES = list("aeiouAEIOUcnsyzÅéñüωиक가はウ의") + ["ᄀ", "ᅡ", "ᆨ", "가", "ক", "ே", "ෙ", "ཱ", "𑄱", "𝅗", "क़", "ड़", "ྲ", "\u2126", "\u1e9b", "\u0344"]


def sentence(r, parts, glue):
    body = glue.join(r.choice(parts[k]) for k in ("who", "did", "what", "how")[: r.choice((2, 3, 4, 4))])
    return (body[0].upper() + body[1:] if r.random() < 0.7 else body) + r.choice(parts["end"])


def english(r):
    return " ".join(sentence(r, ENGLISH, " ") for _ in range(r.randint(1, 4)))


def chinese(r):
    return "".join(sentence(r, CHINESE, "") for _ in range(r.randint(1, 4)))


def code(r):
    lines = r.choices(CODE, k=r.randint(1, 3))
    return "\n".join(t.format(a=r.choice(NAMES), b=r.choice(NAMES), n=r.randint(0, 99999), m=r.randint(0, 30)) for t in lines)


def emoji(r):
    return "".join(r.choice(EMOJI) * r.choice((1, 1, 1, 3)) + r.choice(("", "", " ", "x", "\n", "!", "5")) for _ in range(r.randint(1, 9)))


def marks(r):
    word = lambda: "".join(r.choice(BASES) + "".join(r.choices(MARKS, k=r.choice((0, 1, 1, 2, 3, 7)))) for _ in range(r.randint(1, 6)))
    return r.choice(("", " ", "\n")).join(word() for _ in range(r.randint(1, 5)))


def spaces(r):
    def gap():
        return "".join(r.choice(SPACES if r.random() < 0.5 else [" ", " ", "\n", "\r\n", "\t"] + ALMOST_SPACES) for _ in range(r.randint(1, 6)))
    return "".join(r.choice(("word", "12", "...", "it's", "字", "é", "'", "'s", "", "9a", "_")) + gap() for _ in range(r.randint(1, 8)))


def added(r):
    glue = ("", " ", "  ", "\n", "x", "1", ".", "_", "\u3000", "é")
    texts = ADDED + ["<|endof", "text|>", "<|", "|>", "WHOLEWORD", "<A\u030angstro\u0308m>", "<\u212bngström>", sentence(r, ENGLISH, " ")]
    return "".join(r.choice(texts) + r.choice(glue) for _ in range(r.randint(1, 7)))


def any_unicode(r):
    def point():
        while True:
            top = r.choice((0x80, 0x250, 0x3000, 0x10000, 0x20000, 0x110000))
            c = r.randrange(top)
            if not 0xD800 <= c <= 0xDFFF and unicodedata.category(chr(c)) != "Cn":
                return chr(c)
    return "".join(point() for _ in range(r.randint(1, 40)))


def mixed(r):
    return r.choice((" ", "", "\n", "  ", "\t")).join(r.choice(OTHER + EMOJI + NAMES + ["2013", "you're", "3.14"]) for _ in range(r.randint(1, 5)))


def resume(r):
    year = r.randint(1990, 2025)
    return r.choice((
        f"EXPERIENCE\n  {year} - {year + 3}   Senior Developer, Examplia GmbH (Köln)\n  • Led a team of {r.randint(2, 40)}; cut costs by {r.randint(1, 99)}%",
        f"Tel.: +49 (0)30 {r.randint(10**5, 10**9)} | e-mail: jane.doe{r.randint(1, 999)}@example.org | https://example.org/~jane?x={year}",
        f"Skills: {', '.join(r.sample(['C#', '.NET', 'SQL', 'Kubernetes', 'Node.js', 'R&D', 'SAP/R3', 'A/B-tests', 'Go', 'PL/pgSQL'], 5))}",
        f"{year}/{r.randint(1, 12):02}–{year + 2}/{r.randint(1, 12):02}\tB.Sc. (GPA {r.randint(20, 40) / 10}/4.0)\tUniversity of Nowhere",
        f"工作经历：{year}年{r.randint(1, 12)}月至今，示例科技有限公司，高级软件工程师，负责后端开发（Java、Go）。",
    ))


def runs(r):
    return "".join(r.choice(["a", "=", "-", " ", "\n", "1", "é", "的", "ab", "\t", "😀", "'", "Ġ", "''s", " \n"]) * r.randint(1, 120) for _ in range(r.randint(1, 3)))


KINDS = [(english, 1100), (chinese, 800), (code, 700), (emoji, 400), (marks, 500), (spaces, 600), (added, 400), (any_unicode, 300),
         (mixed, 400), (resume, 300), (runs, 150)]


def capitals():
    """Every letter that has a small form."""
    letters = [c for c in map(chr, range(0x110000)) if c.lower() != c]
    return ["".join(letters[i:i + 40]) for i in range(0, len(letters), 40)]


def lines():
    r = random.Random(20261121)
    seen = dict.fromkeys(OTHER + EMOJI + SPACES + ["", "'", "''", " '", "'s", " 1", "  1", "1 ", "a\u0301", *capitals()])
    for kind, count in KINDS:
        target = len(seen) + count
        while len(seen) < target:
            seen[kind(r)] = None
    return list(seen)
