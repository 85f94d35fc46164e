using System.Text.RegularExpressions;

namespace RtMatching.Core.Documents;

/// <summary>
/// The name in the header of a CV, and every later occurrence of the full name. Simple on purpose: a line labelled as the name, or
/// a line at the top made of two to four capitalised words, or of two to four Chinese characters beginning with a surname.
/// </summary>
internal static partial class NameFinder
{
    private const int HeaderLines = 6;

    private const int LabelLines = 20;

    /// <summary>Chinese is written without spaces: a name there has no word boundary to ask for.</summary>
    private const char FirstChinese = '\u2E80';

    /// <summary>No header is longer.</summary>
    private const int HeaderWindow = 3000;

    /// <summary>The hundred most frequent surnames, about 85% of the people of China, with some further and the common double ones.</summary>
    private const string Surnames =
        "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
        + "庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边"
        + "張劉陳楊趙黃吳孫馬羅鄭謝韓馮蕭鄧許呂蘇盧蔣賈葉閻鐘陸顧錢湯賴龔龐蘭";

    private static readonly string[] DoubleSurnames = ["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "歐陽"];

    public static IEnumerable<TextLine> Find(string text)
    {
        if (InHeader(text) is not { } name) return [];
        return Occurrences(text, text.Substring(name.Start, name.Length)).Prepend(name);
    }

    private static TextLine? InHeader(string text)
    {
        var head = text.Length > HeaderWindow ? text[..HeaderWindow] : text;
        var lines = TextLine.All(head).Where(line => !line.IsBlank).ToList();
        foreach (var line in lines.Take(LabelLines))
            if (Labelled().Match(text, line.Start, line.Length) is { Success: true } label) return Of(label.Groups[1]);
        var seen = 0;
        foreach (var line in lines)
        {
            if (++seen > HeaderLines || SectionHeadings.Of(line.Of(text)) is not null) return null;
            if (Leading(text, line) is { } name) return name;
        }
        return null;
    }

    private static TextLine Of(Group group) => new(group.Index, group.Length);

    private static TextLine? Leading(string text, TextLine line)
    {
        if (Chinese().Match(text, line.Start, line.Length) is { Success: true } zh && HasSurname(zh.Groups[1].Value)) return Of(zh.Groups[1]);
        var match = Latin().Match(text, line.Start, line.Length);
        if (!match.Success || NotNames().IsMatch(match.Groups[1].ValueSpan) || SectionHeadings.Of(match.Groups[1].ValueSpan) is not null) return null;
        return Of(match.Groups[1]);
    }

    private static bool HasSurname(string name)
    {
        var bare = name.Replace(" ", "", StringComparison.Ordinal);
        if (NotChineseNames().IsMatch(bare)) return false;
        return bare.Length <= 3 ? Surnames.Contains(bare[0]) || DoubleSurnames.Any(d => bare.StartsWith(d, StringComparison.Ordinal))
            : DoubleSurnames.Any(d => bare.StartsWith(d, StringComparison.Ordinal));
    }

    private static IEnumerable<TextLine> Occurrences(string text, string name)
    {
        var words = name.Split([' ', '\u3000'], StringSplitOptions.RemoveEmptyEntries);
        var pattern = string.Join(@"\s{1,3}", words.Select(Regex.Escape));
        if (name[0] < FirstChinese) pattern = $@"(?<![\p{{L}}\p{{N}}]){pattern}(?![\p{{L}}\p{{N}}])";
        return Regex.Matches(text, pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)
            .Select(match => new TextLine(match.Index, match.Length));
    }

    [GeneratedRegex(@"\G(?:full name|name|candidate|姓\s?名|名字|姓名)\s{0,3}[:：]\s{0,3}([^|,，;；\n(（]{2,60}?)\s{0,3}(?=$|[|,，;；\n(（]|\s(?:性别|性別|年龄|男|女)|\s{2})", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Labelled();

    [GeneratedRegex(@"\G(?:(?:[Rr][eé]sum[eé]|RESUME|C[Uu][Rr][Rr][Ii][Cc][Uu][Ll][Uu][Mm] V[Ii][Tt][Aa][Ee]|CV)\s{0,2}(?:of|for|:|–|—|-|\|)?\s{1,2})?((?:(?:Dr|Mr|Ms|Mrs)\.?\s)?\p{Lu}[\p{L}'’-]{0,24}\.?(?:\s{1,2}(?:(?:van|von|de|der|den|del|della|di|da|dos|la|le|el|al|bin|ibn|ben|y|e)\s)?\p{Lu}[\p{L}'’-]{0,24}\.?){1,3})\s{0,3}(?=$|\n|[|•·,，(（–—/:]|-\s|\S{1,64}@|\+?\(?\d)", RegexOptions.CultureInvariant)]
    private static partial Regex Latin();

    /// <summary>Words that stand in titles, headings, places and companies, and hardly in names.</summary>
    [GeneratedRegex(@"\b(?:resume|résumé|curriculum|vitae|cv|engineer\w*|developer|manager|management|director|officer|analyst|analytics|consultant|consulting|designer|architect|scientist|specialist|administrator|administration|assistant|associate|coordinator|representative|technician|teacher|professor|lecturer|nurse|accountant|accounting|auditor|lawyer|attorney|chef|cook|driver|sales|marketing|software|senior|junior|lead|leader|head|chief|principal|staff|intern|student|graduate|executive|supervisor|operator|agent|advisor|adviser|trainer|instructor|coach|banker|teller|clerk|cashier|writer|editor|producer|planner|buyer|recruiter|inspector|mechanic|electrician|machinist|foreman|pilot|physician|surgeon|therapist|counselor|paralegal|receptionist|bookkeeper|programmer|tester|expert|professional|freelance\w*|founder|president|partner|owner|hr|it|ux|ui|qa|devops|data|digital|web|mobile|cloud|security|network|systems?|product|project|program|business|finance|financial|human|resources?|customer|service|services|support|technical|technology|information|operations|quality|research|education|experience|skills?|summary|profile|objective|contact|details|address|personal|street|st|road|rd|avenue|ave|city|county|advocate|construction|attendant|core|worker|relations|patient|controller|aide|ii|iii|media|care|health|healthcare|nursing|public|fitness|food|aviation|apparel|arts|artist|benefits|legal|regional|general|store|team|qualifications|highlights|state|university|college|school|institute|department|company|corp|corporation|inc|llc|ltd|gmbh|bank|hospital|group|last|updated|page|dear|hiring|welcome|phone|email|tel|new|north|south|united|states|kingdom|republic|san|los|usa|uk|full|stack|time|remote|current|location|male|female|nationality|date|birth|january|february|march|april|june|july|august|september|october|november|december)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NotNames();

    [GeneratedRegex(@"\G(?:个人简历|简历|履历)?[\s|:：—-]{0,4}([\u4e00-\u9fff](?:[ \u3000]?[\u4e00-\u9fff]){1,3})(?:的?(?:个人)?简历)?(?=$|\n|[\s|，,（(·•/]|\d|男|女)", RegexOptions.CultureInvariant)]
    private static partial Regex Chinese();

    [GeneratedRegex("简历|履历|经理|工程师|工程|开发|技术|主管|总监|助理|专员|顾问|会计|设计|教师|老师|医生|护士|律师|销售|市场|运营|产品|项目|公司|大学|学院|学校|北京|上海|广州|深圳|杭州|经验|经历|技能|教育|信息|基本|个人|联系|电话|手机|求职|应聘|岗位|职位|方向|安全|金融|华为|时间|成都|武汉|石家|马上|高级|高中|文员|文秘|任职|关于|管理|单位")]
    private static partial Regex NotChineseNames();
}
