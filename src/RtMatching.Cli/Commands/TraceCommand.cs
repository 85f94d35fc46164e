using System.CommandLine;
using RtMatching.Cli.Input;
using RtMatching.Cli.Output;
using RtMatching.Cli.Reports;
using RtMatching.Core.Evaluation;
using RtMatching.Core.Ingestion;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Cli.Commands;

/// <summary><c>trace</c>: what the passes of Refined Thought did to a text, or to many. Needs no database.</summary>
internal static class TraceCommand
{
    private static readonly Argument<string?> Text = new("text") { Description = "The text; --input instead for many.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> Input = new("--input") { Description = "A file of {\"id\",\"text\"} lines: their passes' means and quartiles.", HelpName = "F.jsonl" };
    private static readonly Option<int?> Limit = new("--limit") { Description = "Only the first N lines of the input.", HelpName = "N" };
    private static readonly Option<string?> Model = CommonOptions.Model();
    private static readonly Option<PoolingKind> Pooling = VectorOptions.Pooling();
    private static readonly VectorOptions Vector = new();
    private static readonly Option<int> Iterations = new("--iterations") { Description = "Passes in all.", DefaultValueFactory = _ => 8, HelpName = "K" };
    private static readonly Option<int> Top = new("--top") { Description = "Most attended tokens shown for each pass.", DefaultValueFactory = _ => 5, HelpName = "N" };
    private static readonly Option<float> Threshold = new("--threshold") { Description = "A relative change below it counts as having stopped.", DefaultValueFactory = _ => 0.03f, HelpName = "X" };
    private static readonly Option<string?> Html = new("--html") { Description = "Write one self-contained page: the attention over the text, and curves.", HelpName = "F.html" };

    public static Command Create()
    {
        var command = new Command("trace", "Shows what each pass of Refined Thought did: change of the embedding, attention, most attended tokens.")
        {
            Text, Input, Limit, Model, Pooling, Iterations, Top, Threshold, Html,
        };
        foreach (var option in Vector.All) command.Options.Add(option);
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        Check(parsed);
        using var model = LanguageModel.Load(ModelCatalog.Resolve(parsed.GetValue(Model)));
        var tracer = new TextTracer(model, Options(parsed));
        var head = new TraceHead(model.Name, parsed.GetValue(Pooling).Name(), parsed.GetValue(Iterations), parsed.GetValue(Threshold), DateTimeOffset.UtcNow);
        return parsed.GetValue(Input) is { } input ? TraceMany(parsed, tracer, head, input, cancellation) : TraceOne(parsed, tracer, head, cancellation);
    }

    private static int TraceOne(ParseResult parsed, TextTracer tracer, TraceHead head, CancellationToken cancellation)
    {
        var trace = tracer.Trace([parsed.GetValue(Text)!], cancellation).Single();
        if (trace.Truncated) Terminal.Say($"warning: the text is longer than the model's window and was cut to {trace.Tokens.Count} tokens");
        Save(parsed, page => TracePage.Write(page, head, trace));
        var top = parsed.GetValue(Top);
        if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(TraceText.Json(head, trace, top));
        else Terminal.WriteTable(TraceText.Header, trace.Passes.Select(pass => TraceText.Row(trace, pass, top)));
        return ExitCode.Ok;
    }

    private static int TraceMany(ParseResult parsed, TextTracer tracer, TraceHead head, string input, CancellationToken cancellation)
    {
        var statistics = new TraceStatistics(head.Threshold);
        using (var progress = new ProgressLine("tracing", "texts"))
        {
            foreach (var text in tracer.Trace(Texts(input, parsed.GetValue(Limit), cancellation), cancellation))
            {
                statistics.Add(text);
                progress.Report(statistics.Texts, parsed.GetValue(Limit) ?? 0);
            }
        }

        if (statistics.Texts == 0) throw new CommandException($"{input}: it holds no texts");
        if (statistics.Truncated > 0) Terminal.Say($"warning: {statistics.Truncated} of {statistics.Texts} texts are longer than the model's window and were cut");
        Save(parsed, page => TracePage.Write(page, head, Path.GetFileName(input), statistics));
        if (parsed.GetValue(CommonOptions.Json)) JsonOutput.Write(TraceText.Json(head, statistics));
        else Terminal.WriteTable(TraceText.ManyHeader(head), statistics.Passes.Select(TraceText.Row));
        return ExitCode.Ok;
    }

    private static IEnumerable<string> Texts(string input, int? limit, CancellationToken cancellation)
    {
        using var stream = InputFile.Open(input);
        var lines = IdentifiedTexts.ReadAsync(stream, InputFile.Name(input), cancellation: cancellation).ToBlockingEnumerable(cancellation);
        foreach (var line in lines.Take(limit ?? int.MaxValue)) yield return line.Text;
    }

    private static void Save(ParseResult parsed, Action<TextWriter> write)
    {
        if (parsed.GetValue(Html) is not { } path) return;
        AtomicFile.Write((path, stream =>
        {
            using var page = new StreamWriter(stream, leaveOpen: true);
            write(page);
        }));
        Terminal.Say($"wrote {path}");
    }

    private static void Check(ParseResult parsed)
    {
        if (parsed.GetValue(Text) is null == parsed.GetValue(Input) is null) throw new UsageException("give one TEXT, or --input FILE for many");
        if (parsed.GetValue(Limit) is { } limit && (limit < 1 || parsed.GetValue(Input) is null)) throw new UsageException("--limit: give a number of at least 1, with --input");
        if (parsed.GetValue(Top) < 1) throw new UsageException("--top: give a number of at least 1");
        if (!float.IsFinite(parsed.GetValue(Threshold)) || parsed.GetValue(Threshold) <= 0) throw new UsageException("--threshold: give a number above 0, 0.03 for example");
        if (parsed.GetValue(Iterations) < 2) throw new UsageException("--iterations: a trace needs at least 2 passes; the first alone moves nothing");
    }

    private static EmbeddingOptions Options(ParseResult parsed) => Vector.Read(parsed) with
    {
        Pooling = parsed.GetValue(Pooling),
        Iterations = parsed.GetValue(Iterations),
    };
}
