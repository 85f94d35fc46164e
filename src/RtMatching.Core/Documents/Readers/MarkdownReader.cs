using System.Text;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace RtMatching.Core.Documents.Readers;

/// <summary>Markdown (CommonMark with pipe tables) without its marks.</summary>
internal sealed class MarkdownReader : IDocumentReader
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().UseYamlFrontMatter().Build();

    public string Read(ReadOnlyMemory<byte> bytes, DocumentLimits limits)
    {
        var source = TextDecoding.Decode(bytes.Span);
        if (source.Length > limits.MaxTextLength)
            throw UnusableDocumentException.TooLarge($"the document has more than {limits.MaxTextLength:N0} characters of text");
        try
        {
            var text = new StringBuilder();
            foreach (var block in Markdown.Parse(source, Pipeline)) Write(block, text, "");
            return text.ToString();
        }
        catch (ArgumentException tooDeep) when (tooDeep.Message.Contains("deeply nested", StringComparison.Ordinal))
        {
            // Markdig refuses nesting beyond its limit, so that its recursion stays bounded; as plain text nothing is lost.
            return source;
        }
    }

    private static void Write(Block block, StringBuilder text, string mark)
    {
        switch (block)
        {
            case YamlFrontMatterBlock or LinkReferenceDefinitionGroup or ThematicBreakBlock:
                break;
            case Table table:
                foreach (var row in table.OfType<TableRow>()) text.Append(Row(row)).Append('\n');
                text.Append('\n');
                break;
            case ListBlock list:
                foreach (var item in list.OfType<ListItemBlock>()) WriteItem(item, text);
                if (list.Parent is MarkdownDocument) text.Append('\n');
                break;
            case HtmlBlock html:
                text.Append(HtmlReader.TextOf(html.Lines.ToString())).Append("\n\n");
                break;
            case LeafBlock { Inline: { } inline }:
                text.Append(mark).Append(TextOf(inline)).Append(block is HeadingBlock || mark.Length > 0 ? "\n" : "\n\n");
                break;
            case LeafBlock leaf:
                text.Append(leaf.Lines.ToString()).Append("\n\n");
                break;
            case ContainerBlock container:
                foreach (var child in container) Write(child, text, "");
                break;
        }
    }

    private static void WriteItem(ListItemBlock item, StringBuilder text)
    {
        var first = true;
        foreach (var child in item)
        {
            Write(child, text, first ? "- " : "");
            first = false;
        }
    }

    private static string Row(TableRow row) =>
        string.Join(" | ", row.OfType<TableCell>().Select(cell => string.Join(' ', cell.OfType<LeafBlock>().Select(leaf => TextOf(leaf.Inline)))));

    private static string TextOf(ContainerInline? inline)
    {
        var text = new StringBuilder();
        if (inline is not null) Write(inline, text);
        return text.ToString().Trim();
    }

    private static void Write(ContainerInline container, StringBuilder text)
    {
        foreach (var inline in container)
        {
            switch (inline)
            {
                case LiteralInline literal: text.Append(literal.Content.AsSpan()); break;
                case CodeInline code: text.Append(code.Content); break;
                case LineBreakInline hard: text.Append(hard.IsHard ? '\n' : ' '); break;
                case AutolinkInline link: text.Append(link.Url); break;
                case HtmlEntityInline entity: text.Append(entity.Transcoded.AsSpan()); break;
                case HtmlInline html: if (html.Tag.StartsWith("<br", StringComparison.OrdinalIgnoreCase)) text.Append('\n'); break;
                case ContainerInline inner: Write(inner, text); break;
            }
        }
    }
}
