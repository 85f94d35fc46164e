using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace RtMatching.Core.Documents;

/// <summary>The words that open a section of a CV, in English and Chinese.</summary>
internal static partial class SectionHeadings
{
    /// <summary>Longer lines are sentences.</summary>
    private const int MaxLength = 60;

    private const int MaxWords = 6;

    private static readonly FrozenDictionary<string, SectionKind> Kinds = Build(
        (SectionKind.Summary, """
            summary|profile|about|about me|objective|objectives|overview|introduction|bio|biography|personal statement|highlights|headline
            |professional summary|career summary|executive summary|summary of qualifications|qualifications summary|profile summary|career profile
            |professional profile|executive profile|personal profile|career objective|career overview|professional overview|job objective
            |professional objective|employment objective|career highlights|career focus|who i am|summary statement|statement
            |个人简介|个人概述|自我评价|个人评价|自我介绍|个人总结|个人优势|求职意向|职业目标|求职目标|个人陈述|简介|概述|職業目標|自我評價|個人簡介
            """),
        (SectionKind.Experience, """
            experience|work experience|professional experience|employment|employment history|work history|career history|job history
            |professional background|relevant experience|experiences|work|positions|positions held|internship|internships|internship experience
            |volunteer experience|volunteering|volunteer work|volunteer|projects|personal projects|selected projects|key projects|project experience
            |side projects|open source|open source projects|academic projects|research experience|research|teaching experience|teaching
            |military experience|military service|leadership|leadership experience|career experience|industry experience|accomplishments
            |professional accomplishments|achievements|key achievements|extracurricular activities|activities|appointments|freelance|consulting experience
            |工作经历|工作经验|工作履历|职业经历|项目经历|项目经验|实习经历|实习经验|实践经历|社会实践|校园经历|科研经历|研究经历|志愿者经历|志愿经历|主要业绩|工作業績
            |工作經歷|工作經驗|項目經驗|專案經驗|实践经验|在校经历|任职经历
            """),
        (SectionKind.Education, """
            education|educational background|academic background|academics|education and training|academic qualifications|educational qualifications
            |education history|academic history|degrees|coursework|relevant coursework|training|trainings|courses|certifications|certification
            |certificates|licenses|professional development|professional training|education details|academic profile|qualification
            |教育背景|教育经历|学历|学习经历|教育|培训经历|培训|证书|资格证书|专业证书|获得证书|学历背景|教育培训|主修课程|資格證書|教育背景及培训|教育經歷|學歷
            """),
        (SectionKind.Skills, """
            skills|technical skills|key skills|core skills|core competencies|competencies|competences|skill set|skillset|skill highlights|expertise
            |areas of expertise|technologies|technology|technical expertise|technical proficiencies|technical summary|tools|tools and technologies
            |programming languages|languages|language skills|computer skills|it skills|soft skills|hard skills|professional skills|core qualifications
            |qualifications|key qualifications|proficiencies|strengths|specialties|tech stack|software|software skills|software proficiency
            |technical competencies|functional skills|relevant skills|additional skills|other skills|areas of strength|key competencies|technical knowledge
            |技能|专业技能|技术栈|技能特长|技能专长|掌握技能|个人技能|职业技能|工作技能|语言能力|语言|语言技能|计算机技能|计算机能力|擅长|专长|技术能力|核心技能|专业能力|相关技能|IT技能
            |專業技能|語言能力|技能證書
            """),
        (SectionKind.Other, """
            awards|honors|honours|awards and honors|publications|selected publications|papers|patents|presentations|talks|invited talks|references|interests|hobbies
            |hobbies and interests|affiliations|professional affiliations|memberships|professional memberships|additional information|personal information
            |personal details|personal data|contact|contact information|contact details|contact me|links|miscellaneous|community service|declaration
            |personal|additional|other|writing|press|keywords|availability|notes
            |获奖情况|荣誉奖项|所获荣誉|获奖经历|荣誉|奖项|发表论文|论文|出版物|兴趣爱好|爱好|联系方式|个人信息|基本信息|基本资料|个人资料|其他|其它|附加信息|推荐人|聯絡方式|興趣愛好|獲獎情況
            """));

    /// <summary>The kind that a whole line opens, or null where it is no heading.</summary>
    public static SectionKind? Of(ReadOnlySpan<char> line)
    {
        if (line.Length is 0 or > MaxLength || line[^1] is '.' or ',' or ';' or '。' or '，') return null;
        var words = Words(line);
        if (words.Length == 0 || words.Count(c => c == ' ') >= MaxWords || words.Any(char.IsDigit)) return null;
        if (Kinds.TryGetValue(words, out var kind)) return kind;
        if (!LooksLikeTitle(line)) return null;
        return OfFirstPart(words) ?? OfLastWord(words);
    }

    /// <summary>The kind of "Skills: C#, SQL", where the heading and its text share a line; null elsewhere.</summary>
    public static SectionKind? OfLabel(ReadOnlySpan<char> line)
    {
        var colon = line.IndexOfAny(':', '：');
        if (colon is < 2 or > 40 || colon + 1 >= line.Length || !LooksLikeTitle(line[..colon])) return null;
        if (line[0] is '-' or '•' or '*') return null;
        return Kinds.TryGetValue(Words(line[..colon]), out var kind) && kind is not SectionKind.Other ? kind : null;
    }

    /// <summary>"Education and Certifications", "HONORS/AWARDS", "Skills &amp; Interests": the first part decides.</summary>
    private static SectionKind? OfFirstPart(string words)
    {
        var parts = Conjunction().Split(words);
        return parts.Length > 1 && Kinds.TryGetValue(parts[0].Trim(), out var kind) ? kind : null;
    }

    /// <summary>"Relevant Nursing Experience", "Clinical Skills".</summary>
    private static SectionKind? OfLastWord(string words) => words.Contains(" of ", StringComparison.Ordinal) ? null : words[(words.LastIndexOf(' ') + 1)..] switch
    {
        "experience" or "internships" or "projects" or "employment" => SectionKind.Experience,
        "education" or "certifications" => SectionKind.Education,
        "skills" or "competencies" or "proficiencies" => SectionKind.Skills,
        _ => null,
    };

    private static bool LooksLikeTitle(ReadOnlySpan<char> line)
    {
        foreach (var c in line)
            if (char.IsLetter(c)) return char.IsUpper(c) || c > '\u2E80';
        return false;
    }

    /// <summary>Letters spaced out for looks ("S K I L L S", "教 育") are brought together.</summary>
    private static string Words(ReadOnlySpan<char> line)
    {
        var words = HeadingText.Of(line);
        if (!words.Contains(' ')) return words;
        return SpacedOut().IsMatch(words) ? words.Replace(" ", "", StringComparison.Ordinal) : ChineseGap().Replace(words, "");
    }

    private static FrozenDictionary<string, SectionKind> Build(params (SectionKind Kind, string Phrases)[] groups) =>
        groups.SelectMany(group => group.Phrases.Split('|', StringSplitOptions.TrimEntries).Select(phrase => (phrase, group.Kind)))
            .DistinctBy(pair => pair.phrase).ToFrozenDictionary(pair => pair.phrase.ToLowerInvariant(), pair => pair.Kind);

    [GeneratedRegex(@"^(?:\p{L}|&)(?: {1,3}(?:\p{L}|&)){3,}$")]
    private static partial Regex SpacedOut();

    [GeneratedRegex(@"(?<=\p{IsCJKUnifiedIdeographs})[ \u3000]+(?=\p{IsCJKUnifiedIdeographs})")]
    private static partial Regex ChineseGap();

    [GeneratedRegex(@"\s*(?:&|/|\+|,|、|\||\band\b|与|和|及)\s*")]
    private static partial Regex Conjunction();
}
