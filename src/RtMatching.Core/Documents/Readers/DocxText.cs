using System.Text;
using System.Xml;

namespace RtMatching.Core.Documents.Readers;

/// <summary>
/// One WordprocessingML part as text. Paragraphs, cells and text boxes nest, so that each writes into the builder on top of a
/// stack; a text box follows the paragraph that it is anchored in.
/// </summary>
internal sealed class DocxText(int maxTextLength)
{
    /// <summary>Tables in text boxes in tables reach about 60.</summary>
    private const int MaxDepth = 512;

    private const string Word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    private const string StrictWord = "http://purl.oclc.org/ooxml/wordprocessingml/main";
    private const string Compatibility = "http://schemas.openxmlformats.org/markup-compatibility/2006";

    private readonly Stack<StringBuilder> _targets = new([new StringBuilder()]);
    private readonly Stack<Paragraph> _paragraphs = new();
    private readonly Stack<List<string>> _rows = new();
    private int _length;
    private bool _inText;
    private bool _hiddenRun;

    private sealed class Paragraph
    {
        public bool IsListItem { get; set; }

        public StringBuilder TextBoxes { get; } = new();
    }

    /// <exception cref="XmlException">Not well-formed, or with a DTD.</exception>
    public string Of(XmlReader reader)
    {
        reader.MoveToContent();
        while (!reader.EOF)
        {
            if (reader.Depth > MaxDepth)
                throw UnusableDocumentException.Corrupt($"the DOCX file is nested more than {MaxDepth} levels deep; save it again");
            if (reader.NodeType == XmlNodeType.Element && IsSkipped(reader))
            {
                reader.Skip();
                continue;
            }
            Visit(reader);
            reader.Read();
        }
        return _targets.Peek().ToString();
    }

    private void Visit(XmlReader reader)
    {
        if (reader.NodeType is XmlNodeType.Text or XmlNodeType.SignificantWhitespace or XmlNodeType.CDATA or XmlNodeType.Whitespace)
        {
            if (_inText) Append(reader.Value);
            return;
        }
        if (!IsWord(reader.NamespaceURI)) return;
        if (reader.NodeType == XmlNodeType.Element)
        {
            Open(reader);
            if (reader.IsEmptyElement) Close(reader.LocalName);
        }
        else if (reader.NodeType == XmlNodeType.EndElement)
        {
            Close(reader.LocalName);
        }
    }

    private static bool IsWord(string ns) => ns is Word or StrictWord;

    /// <summary>What a reader of the page does not see: text deleted or moved away, ruby glosses, and the second copy of a drawing.</summary>
    private static bool IsSkipped(XmlReader reader) =>
        (reader.NamespaceURI == Compatibility && reader.LocalName == "Fallback")
        || (IsWord(reader.NamespaceURI) && reader.LocalName is "moveFrom" or "del" or "rt" or "instrText");

    private void Open(XmlReader reader)
    {
        switch (reader.LocalName)
        {
            case "p": _targets.Push(new StringBuilder()); _paragraphs.Push(new Paragraph()); break;
            case "numPr": if (_paragraphs.TryPeek(out var item)) item.IsListItem = true; break;
            case "pStyle": if (IsListStyle(reader) && _paragraphs.TryPeek(out var styled)) styled.IsListItem = true; break;
            case "tc" or "txbxContent": _targets.Push(new StringBuilder()); break;
            case "tr": _rows.Push([]); break;
            case "t": _inText = true; break;
            case "r": _hiddenRun = false; break;
            case "vanish": _hiddenRun = reader.GetAttribute("val", reader.NamespaceURI) is not ("0" or "false" or "off"); break;
            case "tab" when _paragraphs.Count > 0: Append(" "); break;
            case "br" or "cr": Append("\n"); break;
            case "noBreakHyphen": Append("-"); break;
        }
    }

    private void Close(string name)
    {
        switch (name)
        {
            case "p": EndParagraph(); break;
            case "t": _inText = false; break;
            case "txbxContent": EndTextBox(); break;
            case "tc": EndCell(); break;
            case "tr": EndRow(); break;
            case "tbl": _targets.Peek().Append('\n'); break;
        }
    }

    private void EndParagraph()
    {
        var text = _targets.Pop().ToString().Trim();
        var paragraph = _paragraphs.Pop();
        if (paragraph.IsListItem && text.Length > 0) text = "- " + text;
        _targets.Peek().Append(text).Append('\n').Append(paragraph.TextBoxes);
    }

    private void EndTextBox()
    {
        var box = _targets.Pop();
        if (_paragraphs.TryPeek(out var anchor)) anchor.TextBoxes.Append(box);
        else _targets.Peek().Append(box);
    }

    private void EndCell()
    {
        var cell = _targets.Pop().ToString().Trim('\n');
        if (_rows.TryPeek(out var cells)) cells.Add(cell);
        else _targets.Peek().Append(cell).Append('\n');
    }

    /// <summary>Cells of one line each are a table's row; cells of several are a page laid out with a table, and are read one after the other.</summary>
    private void EndRow()
    {
        var cells = _rows.Pop().Where(cell => cell.Trim().Length > 0).ToList();
        var separator = cells.Exists(cell => cell.Contains('\n')) ? "\n" : " | ";
        _targets.Peek().Append(string.Join(separator, cells)).Append('\n');
    }

    private static bool IsListStyle(XmlReader reader)
    {
        var style = reader.GetAttribute("val", reader.NamespaceURI) ?? "";
        return style.StartsWith("ListBullet", StringComparison.OrdinalIgnoreCase) || style.StartsWith("ListNumber", StringComparison.OrdinalIgnoreCase);
    }

    private void Append(string text)
    {
        if (_hiddenRun) return;
        _length += text.Length;
        if (_length > 2 * maxTextLength) throw UnusableDocumentException.TooLarge($"the DOCX file has more than {maxTextLength:N0} characters of text");
        _targets.Peek().Append(text);
    }
}
