using System.Text;

namespace RtMatching.Cli.Remote;

/// <summary>The query of an address, with every value escaped.</summary>
internal sealed class QueryText
{
    private readonly StringBuilder _text = new();

    /// <summary>A null value is left out.</summary>
    public QueryText Add(string name, string? value)
    {
        if (value is not null) _text.Append(_text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        return this;
    }

    public override string ToString() => _text.ToString();
}
