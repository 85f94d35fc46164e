using Spectre.Console;

namespace RtMatching.Cli.Output;

/// <summary>Data goes to stdout, everything about the work to stderr; colours and bars only where a person looks.</summary>
internal static class Terminal
{
    public static IAnsiConsole Error { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>A line about the work, on stderr.</summary>
    public static void Say(string line) => Console.Error.WriteLine(line);

    /// <summary>A table on a terminal; tab-separated lines, the header first, otherwise.</summary>
    public static void WriteTable(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (Console.IsOutputRedirected)
        {
            Console.Out.WriteLine(string.Join('\t', header));
            foreach (var row in rows) Console.Out.WriteLine(string.Join('\t', row.Select(Plain)));
            return;
        }

        var table = new Table().Border(TableBorder.Rounded);
        foreach (var title in header) table.AddColumn(Markup.Escape(title));
        foreach (var row in rows) table.AddRow(row.Select(cell => Markup.Escape(Plain(cell))).ToArray());
        AnsiConsole.Write(table);
    }

    /// <summary>A cell on one line: a file name may hold tabs, line ends and escape sequences.</summary>
    public static string Plain(string cell) => string.Concat(cell.Select(c => char.IsControl(c) ? ' ' : c));
}
