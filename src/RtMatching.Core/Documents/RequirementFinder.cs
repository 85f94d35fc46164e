using System.Text.RegularExpressions;

namespace RtMatching.Core.Documents;

/// <summary>What a job description asks of a candidate.</summary>
internal static partial class RequirementFinder
{
    private const int MaxCount = 20;

    private const int MaxLength = 250;

    private const int MinLetters = 8;

    /// <summary>A posting with fewer requirements under its headings has some elsewhere.</summary>
    private const int FewAsked = 3;

    private const int MaxTitleLength = 80;

    private sealed record Candidate(TextLine Piece, JobPart Part, bool HasCue);

    public static IReadOnlyList<Passage> Find(string text)
    {
        var candidates = Candidates(text, Parts(text).Where(part => part.Part != JobPart.Boilerplate));
        // A posting that is all "about us" still has to be matched by something.
        if (candidates.Count == 0) candidates = Candidates(text, [(0, text.Length, JobPart.Unknown)]);
        return Choose(candidates).Select(c => new Passage(c.Piece.Start, c.Piece.Length, c.Part == JobPart.Duties ? SectionKind.Experience : SectionKind.Skills))
            .ToList();
    }

    /// <summary>
    /// What stands under headings of qualifications, then duties, then what sounds like a requirement elsewhere, up to the number.
    /// Without such headings all sentences, those that sound like requirements first.
    /// </summary>
    private static IEnumerable<Candidate> Choose(List<Candidate> candidates)
    {
        var asked = candidates.Where(c => c.Part == JobPart.Asked).ToList();
        var duties = candidates.Where(c => c.Part == JobPart.Duties).ToList();
        var rest = candidates.Where(c => c.Part == JobPart.Unknown).ToList();
        var preferred = asked.Count + duties.Count == 0
            ? rest.OrderByDescending(c => c.HasCue)
            : asked.Concat(duties).Concat(asked.Count < FewAsked ? rest.Where(c => c.HasCue) : []);
        return preferred.Take(MaxCount).OrderBy(c => c.Piece.Start);
    }

    private static List<Candidate> Candidates(string text, IEnumerable<(int Start, int End, JobPart Part)> parts)
    {
        var title = Title(text);
        var found = new List<Candidate>();
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (start, end, part) in parts)
        {
            foreach (var unit in TextUnits.Find(text, start, end, line => line == title))
                foreach (var piece in Sentences.Split(text, TextUnits.WithoutBullet(text, unit), MaxLength, join: false))
                    if (IsSubstantive(text, piece) && seen.Add(piece.Of(text).ToString()))
                        found.Add(new Candidate(piece, part, Cue().IsMatch(piece.Of(text))));
        }
        return found;
    }

    private static IEnumerable<(int Start, int End, JobPart Part)> Parts(string text)
    {
        var (start, part) = (0, JobPart.Unknown);
        foreach (var line in TextLine.All(text))
        {
            if (line.IsBlank || JobHeadings.Of(line.Of(text)) is not { } heading) continue;
            if (line.Start > start) yield return (start, line.Start, part);
            // "Location: Vienna" says nothing about the lines below it.
            var onlyThisLine = heading.TextAt < line.Length && heading.Part is (JobPart.Boilerplate or JobPart.Unknown);
            (start, part) = onlyThisLine ? (line.End, part) : (line.Start + heading.TextAt, heading.Part);
        }
        if (start < text.Length) yield return (start, text.Length, part);
    }

    /// <summary>The first line names the job, unless it asks for something already.</summary>
    private static TextLine? Title(string text)
    {
        var lines = TextLine.All(text).Where(line => !line.IsBlank).Take(2).ToList();
        if (lines.Count < 2) return null;
        var first = lines[0].Of(text);
        return first.Length <= MaxTitleLength && !TextUnits.IsBullet(first) && !first.ContainsAny(".;。；") && !Cue().IsMatch(first) ? lines[0] : null;
    }

    private static bool IsSubstantive(string text, TextLine piece)
    {
        var words = piece.Of(text);
        var letters = 0;
        foreach (var c in words)
            if (char.IsLetter(c)) letters += c > '\u2E80' ? 3 : 1;
        return letters >= MinLetters && words[^1] is not (':' or '：') && !Boilerplate().IsMatch(words) && !Contact().IsMatch(words);
    }

    [GeneratedRegex(@"\b(?:experience\w*|knowledge|degree|bachelor\w*|master\w*|phd|diploma|ability|able to|skills?|skilled|proficien\w+|fluen\w+|years?|must|required?|requires|familiar\w*|understanding|expertise|competen\w+|qualif\w+|certifi\w+|licen[sc]e\w*|background in|track record|strong|excellent|demonstrated|proven|graduate|education|responsible for)\b|经验|熟悉|精通|掌握|学历|本科|大专|硕士|专业|能力|熟练|了解|具备|负责|以上|优先|证书|經驗|熟悉|學歷",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Cue();

    [GeneratedRegex(@"equal (?:employment )?opportunit|welcome (?:all )?(?:applicants|applications)|regardless of|without regard to|race, (?:colou?r|religion)|sexual orientation|gender identity|veteran status|reasonable accommodation|background check|drug (?:test|screen)|e-verify|affirmative action|401\(?k|health (?:insurance|benefits)|dental|paid (?:time off|vacation|holiday)|\bpto\b|parental leave|stock options|competitive (?:salary|compensation|pay)|salary (?:range|is|will|:)|actual salary|pay range|base (?:salary|pay)|compensation package|equity compensation|eligible for .{0,40}benefits|work authorization|visa sponsorship|bonus(?:es)? (?:plan|program)|we offer|we provide|apply (?:now|today|online|at|by|via|through|here|for this)|to apply|please (?:send|submit|apply|visit|note|clearly|mention|contact|email|e-mail|forward)|send (?:your|us|a) |submit (?:your|a) |successful candidates? should|only (?:short-?listed|selected)|short-?listed candidates|interested candidates|cover letter|curriculum vitae|click (?:here|on)|our (?:mission|vision|values|culture|company|clients|investors)\b|we are (?:a|an|the|one of)\b|we're (?:a|an|the|one of)\b|we believe|founded in|established in|headquarter|is (?:a|an|the) (?:leading|global|fast[- ]growing|private|privately|public|world)|for (?:more|additional|further) information|visit our|learn more about|all rights reserved|this (?:job )?description is not|五险一金|五险|公积金|带薪年假|年终奖|双休|节日福利|请将简历|投递简历|发送简历|简历投递|团队氛围|公司提供|我们提供|下午茶|股票期权|餐补|补充医疗|成立于|是一家",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Boilerplate();

    [GeneratedRegex(@"[\w.+-]{1,64}@[\w-]{1,63}\.|https?://|\bwww\.", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Contact();
}
