using System.Globalization;
using System.Text;

namespace RtMatching.Inference.Tokenizer;

/// <summary>Unicode normalisation form C (https://www.unicode.org/reports/tr15/), in time n log n on any input.</summary>
/// <remarks>
/// <see cref="string.Normalize()"/> does nothing under InvariantGlobalization, and elsewhere follows the machine's ICU;
/// ids must be the same on every machine.
/// </remarks>
internal static class CanonicalComposition
{
    private const int SyllableBase = 0xAC00, SyllableCount = 11172;
    private const int LeadBase = 0x1100, LeadCount = 19;
    private const int VowelBase = 0x1161, VowelCount = 21;
    private const int TailBase = 0x11A7, TailCount = 28;

    /// <summary>Nothing below is touched by form C: the first combining mark is U+0300.</summary>
    private const char FirstAffected = '\u0300';

    private static readonly Dictionary<int, byte> Classes = ReadClasses();
    private static readonly Dictionary<int, int[]> Decompositions = [];
    private static readonly Dictionary<(int First, int Second), int> Compositions = [];

    /// <summary>Code points that may change, or change the one before them. All others are boundaries: text is stable there.</summary>
    private static readonly HashSet<int> Unstable = [];
    private static readonly bool[] UnstableBelow10000 = new bool[0x10000];

    static CanonicalComposition()
    {
        foreach (var entry in Entries(CanonicalTables.Decompositions))
            AddDecomposition(entry);
        Unstable.UnionWith(Classes.Keys);
        Unstable.UnionWith(Enumerable.Range(VowelBase, VowelCount));
        Unstable.UnionWith(Enumerable.Range(TailBase + 1, TailCount - 1));
        foreach (var point in Unstable.Where(p => p < 0x10000))
            UnstableBelow10000[point] = true;
    }

    /// <summary>The text itself where it is in form C already. No lone surrogates may be in it.</summary>
    public static string Normalize(string text)
    {
        var next = NextUnstable(text, 0);
        if (next == text.Length)
            return text;
        var result = new StringBuilder(text.Length);
        var copied = 0;
        while (next < text.Length)
        {
            var start = BoundaryBefore(text, next, copied);
            var end = BoundaryAfter(text, next);
            result.Append(text, copied, start - copied);
            Compose(Decompose(text.AsSpan(start, end - start)), result);
            copied = end;
            next = NextUnstable(text, end);
        }
        return result.Append(text, copied, text.Length - copied).ToString();
    }

    private static int NextUnstable(string text, int start)
    {
        for (var i = start; i < text.Length; i++)
        {
            if (text[i] < FirstAffected)
                continue;
            if (char.IsHighSurrogate(text[i]) ? Unstable.Contains(char.ConvertToUtf32(text, i)) : UnstableBelow10000[text[i]])
                return i;
        }
        return text.Length;
    }

    /// <summary>The stable character before an unstable one belongs to its segment: a mark may compose with it.</summary>
    private static int BoundaryBefore(string text, int unstable, int lowest)
    {
        if (unstable == lowest)
            return unstable;
        return char.IsLowSurrogate(text[unstable - 1]) ? unstable - 2 : unstable - 1;
    }

    private static int BoundaryAfter(string text, int unstable)
    {
        var i = unstable;
        while (i < text.Length && Unstable.Contains(char.ConvertToUtf32(text, i)))
            i += char.IsHighSurrogate(text[i]) ? 2 : 1;
        return i;
    }

    /// <summary>Code points fully decomposed, marks in canonical order.</summary>
    private static List<int> Decompose(ReadOnlySpan<char> segment)
    {
        var points = new List<int>(segment.Length);
        foreach (var rune in segment.EnumerateRunes())
            Decompose(rune.Value, points);
        for (var i = 0; i < points.Count; i++)
        {
            var end = i;
            while (end < points.Count && Class(points[end]) != 0)
                end++;
            if (end - i > 1)
                OrderMarks(points, i, end);
            i = Math.Max(i, end - 1);
        }
        return points;
    }

    private static void Decompose(int point, List<int> points)
    {
        if (IsSyllable(point))
        {
            var index = point - SyllableBase;
            points.Add(LeadBase + index / (VowelCount * TailCount));
            points.Add(VowelBase + index / TailCount % VowelCount);
            if (index % TailCount != 0)
                points.Add(TailBase + index % TailCount);
        }
        else if (Decompositions.TryGetValue(point, out var parts))
            foreach (var part in parts)
                Decompose(part, points); // The tables are ours and at most four deep.
        else
            points.Add(point);
    }

    /// <summary>A stable sort by class: sorts (class, position) packed into one number, so that a long run costs n log n.</summary>
    private static void OrderMarks(List<int> points, int start, int end)
    {
        var keys = new ulong[end - start];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = (ulong)Class(points[start + i]) << 53 | (ulong)(uint)i << 21 | (uint)points[start + i];
        Array.Sort(keys);
        for (var i = 0; i < keys.Length; i++)
            points[start + i] = (int)(keys[i] & 0x1FFFFF);
    }

    private static void Compose(List<int> points, StringBuilder result)
    {
        int starter = -1, lastClass = 0, count = 0; // Composed points are written back over the list's beginning.
        foreach (var point in points.ToArray())
        {
            var @class = Class(point);
            var blocked = starter != count - 1 && lastClass >= @class;
            if (starter >= 0 && !blocked && TryCompose(points[starter], point, out var composed))
            {
                points[starter] = composed;
                continue;
            }
            if (@class == 0)
                starter = count;
            lastClass = @class;
            points[count++] = point;
        }
        for (var i = 0; i < count; i++)
            result.Append(new Rune(points[i]).ToString());
    }

    private static bool TryCompose(int first, int second, out int composed)
    {
        if (first is >= LeadBase and < LeadBase + LeadCount && second is >= VowelBase and < VowelBase + VowelCount)
        {
            composed = SyllableBase + ((first - LeadBase) * VowelCount + second - VowelBase) * TailCount;
            return true;
        }
        if (IsSyllable(first) && (first - SyllableBase) % TailCount == 0 && second is > TailBase and < TailBase + TailCount)
        {
            composed = first + second - TailBase;
            return true;
        }
        return Compositions.TryGetValue((first, second), out composed);
    }

    private static bool IsSyllable(int point) => point is >= SyllableBase and < SyllableBase + SyllableCount;

    private static byte Class(int point) => Classes.GetValueOrDefault(point);

    private static void AddDecomposition(string entry)
    {
        var equals = entry.IndexOf('=');
        var point = Hex(entry[..equals]);
        var parts = entry[(equals + 1)..].TrimEnd('!').Split(' ').Select(Hex).ToArray();
        Decompositions.Add(point, parts);
        if (entry.EndsWith('!'))
            Unstable.Add(point);
        else
        {
            Compositions.Add((parts[0], parts[1]), point);
            Unstable.Add(parts[1]);
        }
    }

    private static Dictionary<int, byte> ReadClasses()
    {
        var classes = new Dictionary<int, byte>();
        foreach (var entry in Entries(CanonicalTables.CombiningClasses))
        {
            var parts = entry.Split('-', ':');
            for (var point = Hex(parts[0]); point <= Hex(parts[1]); point++)
                classes.Add(point, byte.Parse(parts[2], CultureInfo.InvariantCulture));
        }
        return classes;
    }

    private static IEnumerable<string> Entries(string table) =>
        table.Split([';', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
