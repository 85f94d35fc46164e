using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace RtMatching.Core.Documents;

/// <summary>What a part of a job description is about.</summary>
internal enum JobPart { Unknown, Asked, Duties, Boilerplate }

/// <summary>The words that open the parts of a job description, in English and Chinese.</summary>
internal static partial class JobHeadings
{
    private const int MaxLength = 70;

    private static readonly FrozenDictionary<string, JobPart> Parts = Build(
        (JobPart.Asked, """
            requirements|job requirements|position requirements|qualifications|required qualifications|minimum qualifications|basic qualifications
            |preferred qualifications|desired qualifications|additional qualifications|qualifications and experience|qualifications and skills
            |skills|required skills|key skills|desired skills|skills and experience|experience and skills|skills and qualifications|technical skills
            |required skills and experience|experience|required experience|education|education and experience|experience and education|knowledge and skills
            |knowledge, skills and abilities|who you are|about you|your profile|profile|your background|your skills|your experience|what you bring
            |what you will bring|what you'll bring|what you need|what you'll need|what you will need|what we're looking for|what we are looking for
            |who we're looking for|we're looking for|you have|you will have|you'll have|must have|must haves|must-haves|nice to have|nice to haves|nice-to-have
            |bonus|bonus points|pluses|a plus|preferred|preferred skills|preferred experience|ideal candidate|the ideal candidate|candidate profile|eligibility
            |job qualifications|required qualification|requirement|qualification|desired|required|essential|competencies|candidate requirements
            |what makes you a great fit|you might be a fit if|minimum requirements|basic requirements|specific requirements|the candidate|education requirements
            |任职要求|岗位要求|职位要求|任职资格|任职条件|招聘要求|应聘要求|资格要求|技能要求|能力要求|要求|基本要求|专业要求|我们希望你|我们期待的你|希望你|加分项|优先条件|学历要求|经验要求
            |職位要求|任職要求|任職資格|岗位任职要求|岗位资格
            """),
        (JobPart.Duties, """
            responsibilities|job responsibilities|key responsibilities|main responsibilities|duties|duties and responsibilities|roles and responsibilities
            |role and responsibilities|essential functions|essential duties|essential duties and responsibilities|main duties|key duties|job duties|tasks
            |what you'll do|what you will do|what you'll be doing|you will|your role|your responsibilities|your tasks|your mission|the role|role|role overview
            |in this role|in this role you will|day to day|primary responsibilities|specific duties|scope of work|job function|job functions|responsibility
            |岗位职责|工作职责|职位职责|工作内容|主要职责|职责描述|职责|你将负责|工作任务|職責|工作職責|岗位内容
            """),
        (JobPart.Unknown, """
            description|job description|job summary|summary|overview|position summary|position overview|about the role|about the job|about the position
            |the position|the opportunity|position|job title|title|job purpose|purpose|职位描述|岗位描述|职位信息|岗位说明|職位描述|职位名称|岗位名称
            """),
        (JobPart.Boilerplate, """
            benefits|perks|perks and benefits|benefits and perks|what we offer|we offer|what you'll get|what you get|what's in it for you|our offer|compensation
            |compensation and benefits|salary|salary range|pay|pay range|remuneration|about us|about the company|about our company|about the team|our company|our team
            |company|company overview|company description|who we are|our mission|our values|our culture|why us|why join us|why work with us|why work for us
            |equal opportunity|equal opportunity employer|equal employment opportunity|eeo|eeo statement|diversity|diversity and inclusion|how to apply|to apply
            |application|application process|application procedure|application procedures|apply|location|job location|work location|deadline|opening date|start date
            |duration|term|notes|contact|contacts|additional information|disclaimer|job type|employment type|work schedule|schedule|hours|working hours|our story
            |hiring process|interview process|industry|seniority level|legal|privacy|about|announcement code|audience|company info
            |福利待遇|福利|薪资待遇|薪资福利|薪酬福利|薪酬待遇|待遇|薪资|我们提供|公司介绍|公司简介|企业介绍|企业简介|关于我们|公司福利|工作地点|工作地址|上班地址|工作时间|联系方式
            |应聘方式|投递方式|简历投递|申请方式|联系我们|团队介绍|公司地址|招聘流程|薪資待遇|公司簡介|福利待遇及工作时间
            """));

    /// <summary>The part that a line opens, and where its own text begins: behind "Requirements:", or at the line's end.</summary>
    public static (JobPart Part, int TextAt)? Of(ReadOnlySpan<char> line)
    {
        var colon = line.IndexOfAny(':', '：');
        if (colon > 0 && Lookup(line[..colon]) is { } labelled) return (labelled, colon + 1);
        if (line.Length > MaxLength || line[^1] is '.' or ';' or ',' or '。') return null;
        return Lookup(line) is { } part ? (part, line.Length) : null;
    }

    public static bool IsWholeLine(ReadOnlySpan<char> line) => Lookup(line) is not null;

    private static JobPart? Lookup(ReadOnlySpan<char> title)
    {
        if (title.Length is 0 or > MaxLength) return null;
        var words = HeadingText.Of(title).TrimEnd('?', '？', '!', '！').Replace('’', '\'').Replace(" & ", " and ", StringComparison.Ordinal)
            .Replace("/", " and ", StringComparison.Ordinal);
        if (Parts.TryGetValue(words, out var part)) return part;
        var first = words.IndexOf(" and ", StringComparison.Ordinal);
        if (first > 0 && words.Length < 50 && Parts.TryGetValue(words[..first], out part)) return part;
        return CompanyName().IsMatch(words) ? JobPart.Boilerplate : null;
    }

    private static FrozenDictionary<string, JobPart> Build(params (JobPart Part, string Phrases)[] groups) =>
        groups.SelectMany(group => group.Phrases.Split('|', StringSplitOptions.TrimEntries).Select(phrase => (phrase, group.Part)))
            .DistinctBy(pair => pair.phrase).ToFrozenDictionary(pair => pair.phrase, pair => pair.Part);

    [GeneratedRegex(@"^(?:about|why|life at|join) \S+(?: \S+)?$")]
    private static partial Regex CompanyName();
}
