using System.Text;

namespace RtMatching.Inference.Weights;

/// <summary>Text from a file's header, made fit for an error message.</summary>
internal static class HeaderText
{
    /// <summary>Characters shown: longer than any tensor's name, shorter than a screen.</summary>
    private const int MaxShown = 120;

    /// <summary>In quotes, cut to a readable length, control characters (a terminal obeys them) replaced.</summary>
    public static string Quote(string text)
    {
        var shown = new StringBuilder("'");
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, MaxShown)))
            shown.Append(char.IsControl(character) || char.IsSurrogate(character) ? '\uFFFD' : character);
        if (text.Length > MaxShown) shown.Append("...");
        return shown.Append('\'').ToString();
    }
}
