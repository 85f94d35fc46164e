using RtMatching.Inference.Model;
using RtMatching.Inference.Refinement;

namespace RtMatching.Inference.Pooling;

/// <summary>One model with all options of a call, checked: what is done to every text, and which of it is done once for several of them.</summary>
internal sealed class EmbeddingRun
{
    private readonly IReadOnlyList<Reading> _readings;
    private readonly IReadOnlyList<SharedSequence> _sequences;

    /// <exception cref="ArgumentException">Options that the pooling or the model cannot honour.</exception>
    /// <exception cref="InvalidMemoryMapException">The learned memory map is asked for, and there is none that can be used.</exception>
    public EmbeddingRun(LanguageModel model, IReadOnlyList<EmbeddingOptions> options)
    {
        _readings = [.. options.Select((option, index) => new Reading(index, option, model))];
        _sequences = [.. Group(model, _readings).Select(group => new SharedSequence(group))];
    }

    /// <summary>What is run for each text of a window.</summary>
    /// <param name="first">The index of the window's first text among all of the call's, for errors.</param>
    /// <exception cref="ArgumentException">A text has nothing to pool.</exception>
    public ForwardRow[] Tokenise(string[] texts, int first, CancellationToken cancellation)
    {
        var rows = new List<ForwardRow>(texts.Length * _sequences.Count);
        for (var text = 0; text < texts.Length; text++)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                AddRows(rows, text, texts[text] ?? throw new ArgumentException("It is null."));
            }
            catch (ArgumentException exception)
            {
                throw new ArgumentException($"Text {first + text}: {exception.Message}", exception);
            }
        }

        return [.. rows];
    }

    /// <summary>The embeddings of a window's texts by option. (texts, options)</summary>
    /// <param name="rows">Every row of the window, in the order of <see cref="Tokenise"/>.</param>
    /// <param name="passes">What each row's forward gave, by the forward's readings. (rows, readings)</param>
    public TextEmbedding[][] Embeddings(int texts, ForwardRow[] rows, IReadOnlyList<RefinedPass>[][] passes)
    {
        var parts = new List<(TextSequence, IReadOnlyList<RefinedPass>)>[texts, _readings.Count];
        for (var row = 0; row < rows.Length; row++)
        {
            for (var reading = 0; reading < passes[row].Length; reading++)
            {
                ref var part = ref parts[rows[row].Text, rows[row].Forward.Readings[reading].Index];
                (part ??= []).Add((rows[row].Sequence, passes[row][reading]));
            }
        }

        return [.. Enumerable.Range(0, texts).Select(text => _readings.Select(reading => reading.Embedding(parts[text, reading.Index])).ToArray())];
    }

    private void AddRows(List<ForwardRow> rows, int text, string value)
    {
        var first = rows.Count;
        foreach (var sequence in _sequences)
        {
            foreach (var (forward, ids) in sequence.Build(value)) rows.Add(new ForwardRow(text, rows.Count == first, forward, ids));
        }
    }

    /// <summary>
    /// By sequence and memory. A reading of pass 1 alone has no memory and joins any that run its sequence, so those come last.
    /// A pooling of several prompts is in a group for each.
    /// </summary>
    private static IEnumerable<List<(SequenceBuilder, Reading)>> Group(LanguageModel model, IReadOnlyList<Reading> readings)
    {
        var groups = new List<(Key Key, List<(SequenceBuilder, Reading)> Members)>();
        foreach (var reading in readings.OrderBy(reading => reading.Memory is null))
        {
            foreach (var prompt in Prompt.Of(reading.Options))
            {
                var builder = new SequenceBuilder(reading.Options, model.Config, model.Tokenizer, prompt);
                var key = new Key(builder.Form, reading.Options.SharesHeads, reading.Memory);
                var group = groups.FirstOrDefault(group => group.Key.Admits(key)).Members;
                if (group is null) groups.Add((key, group = []));
                group.Add((builder, reading));
            }
        }

        return groups.Select(group => group.Members);
    }

    private sealed record Key((Prompt, string?, string) Form, bool SharesHeads, MemorySettings? Memory)
    {
        public bool Admits(Key other) => (Form, SharesHeads) == (other.Form, other.SharesHeads) && (other.Memory is null || other.Memory == Memory);
    }
}
