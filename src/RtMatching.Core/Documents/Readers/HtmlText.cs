using System.Text;
using AngleSharp.Dom;

namespace RtMatching.Core.Documents.Readers;

/// <summary>The visible text of a tree: blocks on lines of their own, list items behind "- ", a table's cells by rows.</summary>
internal sealed class HtmlText
{
    private readonly StringBuilder _text = new();
    private int _preformatted;

    /// <summary>With a stack of our own, so that a deep tree cannot overflow the thread's.</summary>
    public string Of(INode root)
    {
        var open = new Stack<(INode Node, int NextChild)>();
        if (Open(root)) open.Push((root, 0));
        while (open.TryPop(out var top))
        {
            if (top.NextChild == top.Node.ChildNodes.Length)
            {
                Close(top.Node);
                continue;
            }
            open.Push((top.Node, top.NextChild + 1));
            var child = top.Node.ChildNodes[top.NextChild];
            if (Open(child)) open.Push((child, 0));
        }
        return _text.ToString();
    }

    /// <summary>Whether the node's children are to be visited, and the node closed afterwards.</summary>
    private bool Open(INode node)
    {
        if (node is IText text) Append(text.Data);
        if (node is not IElement element || HtmlReader.IsDropped(element)) return false;
        switch (element.LocalName)
        {
            case "br": _text.Append('\n'); break;
            case "li": Line(); _text.Append("- "); break;
            case "td" or "th": if (!AtLineStart()) _text.Append(" | "); break;
            case "pre": Line(); _preformatted++; break;
            case "p" or "h1" or "h2" or "h3" or "h4" or "h5" or "h6" or "ul" or "ol" or "table": Paragraph(); break;
            case var name when HtmlReader.IsBlock(name): Line(); break;
        }
        return true;
    }

    private void Close(INode node)
    {
        var name = ((IElement)node).LocalName;
        if (name == "pre") _preformatted--;
        if (HtmlReader.IsBlock(name)) Line();
    }

    private void Append(string data)
    {
        if (_preformatted > 0)
        {
            _text.Append(data);
            return;
        }
        foreach (var c in data)
        {
            if (!char.IsWhiteSpace(c)) _text.Append(c);
            else if (_text.Length > 0 && _text[^1] is not (' ' or '\n')) _text.Append(' ');
        }
    }

    private void Paragraph()
    {
        Line();
        if (AtLineStart()) _text.Append('\n');
    }

    private void Line()
    {
        if (!AtLineStart() && !EndsWith("- ") && !EndsWith(" | ")) _text.Append('\n');
    }

    private bool AtLineStart() => _text.Length == 0 || _text[^1] == '\n';

    /// <summary>Whether a list item's or a cell's mark waits for its text: a paragraph inside stays on that line.</summary>
    private bool EndsWith(string mark) => _text.Length >= mark.Length && _text.ToString(_text.Length - mark.Length, mark.Length) == mark;
}
