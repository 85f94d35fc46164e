using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace RtMatching.Torch;

/// <summary>
/// A batch on its device: caches and states in groups of texts of similar length. What is handed out as spans lies in managed memory, fetched
/// once a pass for all texts, so that a pass waits for the device once.
/// </summary>
internal sealed class TorchDecoderState : IDecoderState
{
    /// <summary>A text shorter than this share of a group's longest begins another group: more groups are more calls, fewer are more padding.</summary>
    private const double Similar = 0.7;

    private readonly TorchDecoder _decoder;
    private readonly PackedBatch _batch;
    private readonly Capture _capture;
    private readonly MemorySource _source;
    private readonly int _hidden;
    private readonly int[] _order; // the batch's rows as the groups have them
    private readonly int[] _places; // where each of the batch's rows stands in that order
    private readonly bool[] _refined;
    private readonly float[]?[] _attentionRows; // by row
    private readonly float[] _endStates; // (rows, hidden)
    private readonly float[]? _meanStates; // (rows, hidden)
    private readonly float[]? _meanValues; // (layers, rows, kvWidth)
    private readonly float[]? _attentionOutputs; // (layers, rows, hidden)
    private readonly KeptTensors _kept = new();
    private readonly List<PrefillGroup> _groups = [];
    private Tensor? _endSources; // (rows, hidden), in the groups' order, float32: what the memory takes of the end tokens
    private Tensor? _memorySources; // likewise, of the memory tokens
    private bool _disposed;

    public TorchDecoderState(TorchDecoder decoder, PackedBatch batch, Capture capture, MemorySource source)
    {
        (_decoder, _batch, _capture, _source, _hidden) = (decoder, batch, capture, source, decoder.Config.Hidden);
        _order = [.. Enumerable.Range(0, batch.Rows).OrderByDescending(batch.Length)];
        _places = new int[batch.Rows];
        for (var place = 0; place < _order.Length; place++) _places[_order[place]] = place;
        _refined = new bool[batch.Rows];
        _attentionRows = new float[batch.Rows][];
        _endStates = new float[batch.Rows * _hidden];
        var layers = decoder.Config.Layers;
        if (capture.HasFlag(Capture.MeanStates)) _meanStates = new float[batch.Rows * _hidden];
        if (capture.HasFlag(Capture.Values)) _meanValues = new float[layers * batch.Rows * decoder.Config.KeyValueWidth];
        if (capture.HasFlag(Capture.AttentionOutputs)) _attentionOutputs = new float[layers * batch.Rows * _hidden];
    }

    public int Rows => _batch.Rows;

    private bool Refining => _capture.HasFlag(Capture.Refinement);

    public int Tokens(int row) => _batch.Length(CheckRow(row));

    public ReadOnlySpan<float> EndState(int row) => _endStates.AsSpan(CheckRow(row) * _hidden, _hidden);

    public ReadOnlySpan<float> AttentionRow(int row)
    {
        CheckRefining();
        return _attentionRows[CheckRow(row)];
    }

    public ReadOnlySpan<float> TokenState(int row, int position)
    {
        CheckRefining();
        this.CheckPosition(row, position);
        var (group, member) = Find(row);
        return _decoder.Run(() => TorchDecoder.Download(group.States!.select(0, member).select(0, position)), _batch.Tokens);
    }

    public ReadOnlySpan<float> MeanState(int row) => Captured(_meanStates, Capture.MeanStates).AsSpan(CheckRow(row) * _hidden, _hidden);

    public ReadOnlySpan<float> MeanValue(int row, int layer)
    {
        var width = _decoder.Config.KeyValueWidth;
        return Captured(_meanValues, Capture.Values).AsSpan((_decoder.Config.CheckLayer(layer) * Rows + CheckRow(row)) * width, width);
    }

    public ReadOnlySpan<float> AttentionOutput(int row, int layer) =>
        Captured(_attentionOutputs, Capture.AttentionOutputs).AsSpan((_decoder.Config.CheckLayer(layer) * Rows + CheckRow(row)) * _hidden, _hidden);

    public void Memory(ReadOnlySpan<int> rows, Span<float> memory)
    {
        CheckRefining();
        this.CheckMemories(rows, memory.Length, _hidden);
        if (rows.IsEmpty) return;
        var groups = Members(rows);
        var sums = _decoder.Run(() => TorchDecoder.Download(torch.cat([.. groups.Select(one => Sum(one.Group, one.Members))], 0)), _batch.Tokens);
        Scatter(sums, [.. groups.SelectMany(one => one.Asked)], memory);
    }

    public void Refine(ReadOnlySpan<int> rows, ReadOnlySpan<float> memory, CancellationToken cancellation = default)
    {
        CheckRefining();
        this.CheckMemories(rows, memory.Length, _hidden);
        if (rows.IsEmpty) return;
        var groups = Members(rows);
        var memories = new float[memory.Length];
        var i = 0;
        foreach (var asked in groups.SelectMany(one => one.Asked)) memory.Slice(asked * _hidden, _hidden).CopyTo(memories.AsSpan(i++ * _hidden));
        _decoder.Run(() => Refine(groups, memories, cancellation), _batch.Tokens);
    }

    public void Dispose()
    {
        _disposed = true;
        foreach (var group in _groups) group.Dispose();
        _kept.Dispose();
    }

    /// <summary>Pass 1. Called once, by the decoder.</summary>
    internal void Prefill(TorchPrefix? prefix, CancellationToken cancellation)
    {
        if (Rows == 0) return;
        if (prefix is { Tokens: > 0 }) PrefillAfter(prefix, cancellation);
        else PrefillWhole(cancellation);
    }

    /// <summary>Only the end states are read, and of each text only what departs from the prefix is run.</summary>
    private void PrefillAfter(TorchPrefix prefix, CancellationToken cancellation)
    {
        int[] spared = [.. _order.Select(row => prefix.Spared(Ids(row)))];
        int[] counts = [.. _order.Select((row, i) => _batch.Length(row) - spared[i])];
        int[] positions = [.. spared.Zip(counts).SelectMany(text => Enumerable.Range(text.First, text.Second))];
        int[] ids = [.. _order.SelectMany((row, i) => Ids(row)[spared[i]..].ToArray())];
        var groups = new List<PrefixedGroup>();
        foreach (var (first, end) in Alike(counts))
            groups.Add(new PrefixedGroup(_decoder, prefix, spared[first..end], counts[first..end], groups.Sum(before => before.Tokens)));
        var pass = new TorchPass { Groups = groups, Positions = positions, EndsOnly = true };
        KeepEnds(_order, _decoder.FinalNorm(_decoder.Forward(pass, _decoder.Embed(ids), cancellation)));
    }

    private void PrefillWhole(CancellationToken cancellation)
    {
        Group();
        var endsOnly = (_capture & (Capture.Refinement | Capture.MeanStates)) == 0;
        var (values, outputs) = (new List<Tensor>(), new List<Tensor>());
        var pass = new TorchPass
        {
            Groups = _groups,
            Positions = [.. _order.SelectMany(row => Enumerable.Range(0, _batch.Length(row)))],
            EndsOnly = endsOnly,
            EndAttention = Refining,
            LayerValues = _meanValues is null ? null : (_, rows) => values.Add(MeanOfTexts(rows).MoveToOuterDisposeScope()),
            AttentionOutputs = _attentionOutputs is null ? null : (_, rows) => outputs.Add(rows.MoveToOuterDisposeScope()),
        };
        var last = _decoder.Forward(pass, _decoder.Embed([.. _order.SelectMany(row => Ids(row).ToArray())]), cancellation);
        KeepWhole(pass, last, endsOnly);
        KeepLayers(values, _meanValues, _order);
        KeepLayers(outputs, _attentionOutputs, _order);
    }

    /// <param name="last">States before the final norm.</param>
    private void KeepWhole(TorchPass pass, Tensor last, bool endsOnly)
    {
        var states = _decoder.FinalNorm(last);
        var ends = endsOnly ? null : _decoder.Upload(pass.EndTokens);
        KeepEnds(_order, ends is null ? states : states.index_select(0, ends));
        if (_meanStates is not null) Scatter(TorchDecoder.Download(MeanOfTexts(states)), _order, _meanStates);
        if (!Refining) return;
        var sources = _source.PreNorm ? last : states;
        foreach (var group in _groups) group.KeepStates(sources.narrow(0, group.FirstToken, group.Tokens));
        _endSources = _kept.Keep(sources.index_select(0, ends!).to(torch.ScalarType.Float32));
        _memorySources = _kept.Keep(torch.zeros_like(_endSources));
        foreach (var group in _groups) KeepAttention(group.Texts, group.EndAttention!);
    }

    private void Refine(IReadOnlyList<MemberRows> asked, float[] memories, CancellationToken cancellation)
    {
        var groups = new List<RefinementGroup>();
        foreach (var (group, members, _) in asked)
            groups.Add(new RefinementGroup(_decoder, group, members, groups.Sum(before => before.Tokens), _source.Head));
        int[] rows = [.. asked.SelectMany(one => one.Rows)];
        var outputs = new List<Tensor>();
        var pass = new TorchPass
        {
            Groups = groups,
            Positions = [.. rows.SelectMany(row => (int[])[_batch.Length(row) - 1, _batch.Length(row)])],
            EndAttention = true,
            Refines = true,
            AttentionOutputs = _attentionOutputs is null ? null : (_, ends) => outputs.Add(ends.MoveToOuterDisposeScope()),
        };
        var inputs = torch.stack([_decoder.Upload(memories, _hidden), _decoder.Embed([.. rows.Select(row => Ids(row)[^1])])], 1).flatten(0, 1);
        var last = _decoder.Forward(pass, inputs, cancellation);
        KeepRefined(groups, rows, last);
        KeepLayers(outputs, _attentionOutputs, rows);
    }

    /// <param name="last">Of each row the memory token's state before the final norm, then the end token's. (2 * rows, hidden)</param>
    private void KeepRefined(List<RefinementGroup> groups, int[] rows, Tensor last)
    {
        var states = _decoder.FinalNorm(last);
        var sources = (_source.PreNorm ? last : states).unflatten(0, rows.Length, 2).to(torch.ScalarType.Float32);
        var places = _decoder.Upload([.. rows.Select(row => (long)_places[row])]);
        _memorySources!.index_copy_(0, places, sources.select(1, 0));
        _endSources!.index_copy_(0, places, sources.select(1, 1));
        KeepEnds(rows, states.unflatten(0, rows.Length, 2).select(1, 1));
        foreach (var row in rows) _refined[row] = true;
        foreach (var group in groups)
        {
            int[] members = [.. group.Members.Select(member => group.Texts.Texts[member])];
            group.Texts.EndAttention!.index_copy_(0, _decoder.Upload([.. group.Members.Select(member => (long)member)]), group.EndAttention!);
            KeepAttention(members, group.EndAttention!);
        }
    }

    /// <summary>m = sum_j a_j H_j over the text and, unless it is left out, the memory token from pass 2 on and the end token. (members, hidden)</summary>
    private Tensor Sum(PrefillGroup group, int[] members)
    {
        var which = _decoder.Upload([.. members.Select(member => (long)member)]);
        var lengths = _decoder.Upload([.. members.Select(member => group.Lengths[member] - 1L)]).unsqueeze(1);
        var attention = group.EndAttention!.index_select(0, which);
        var text = FewQueries.Positions(group.Longest, attention.device).lt(lengths); // (members, longest)
        var states = members.Length == group.Texts.Length ? group.States! : group.States!.index_select(0, which);
        var shares = attention.narrow(1, 0, group.Longest).mul(text).to(states.dtype).unsqueeze(1);
        var sum = shares.bmm(states).squeeze(1).to(torch.ScalarType.Float32);
        return _source.TextOnly ? sum : sum.add_(SumOfOwn(group, members, attention, lengths), TorchScalars.One);
    }

    /// <summary>The memory token's and the end token's part of it.</summary>
    /// <param name="lengths">The position after the text's. (members, 1)</param>
    private Tensor SumOfOwn(PrefillGroup group, int[] members, Tensor attention, Tensor lengths)
    {
        int[] rows = [.. members.Select(member => group.Texts[member])];
        var places = _decoder.Upload([.. rows.Select(row => (long)_places[row])]);
        var refined = _decoder.Upload([.. rows.Select(row => _refined[row] ? 1L : 0L)]).unsqueeze(1);
        var memory = attention.gather(1, lengths).mul(refined).mul(_memorySources!.index_select(0, places));
        var ends = attention.gather(1, lengths.add(refined, TorchScalars.One)).mul(_endSources!.index_select(0, places));
        return memory.add_(ends, TorchScalars.One);
    }

    private void Group()
    {
        int[] lengths = [.. _order.Select(_batch.Length)];
        foreach (var (first, end) in Alike(lengths))
            _groups.Add(new PrefillGroup(_decoder, _order[first..end], lengths[first..end], _groups.Sum(before => before.Tokens), Refining, _source));
    }

    /// <summary>Neighbours that are similar in length.</summary>
    /// <param name="lengths">The longest first, about.</param>
    private static IEnumerable<(int First, int End)> Alike(int[] lengths)
    {
        for (int first = 0, end; first < lengths.Length; first = end)
        {
            end = first + 1;
            while (end < lengths.Length && lengths[end] >= lengths[first] * Similar) end++;
            yield return (first, end);
        }
    }

    /// <param name="Asked">Where each of them stands among the rows that were asked for.</param>
    private sealed record MemberRows(PrefillGroup Group, int[] Members, int[] Asked)
    {
        public IEnumerable<int> Rows => Members.Select(member => Group.Texts[member]);
    }

    /// <summary>The rows by their groups.</summary>
    private List<MemberRows> Members(ReadOnlySpan<int> rows)
    {
        var asked = rows.ToArray();
        return [.. Enumerable.Range(0, asked.Length)
            .Select(i => (Asked: i, Found: Find(asked[i])))
            .GroupBy(one => one.Found.Group)
            .Select(group => group.OrderBy(one => one.Found.Member).ToArray())
            .Select(group => new MemberRows(group[0].Found.Group, [.. group.Select(one => one.Found.Member)], [.. group.Select(one => one.Asked)]))];
    }

    private (PrefillGroup Group, int Member) Find(int row)
    {
        var place = _places[row];
        foreach (var group in _groups)
        {
            if (place < group.Texts.Length) return (group, place);
            place -= group.Texts.Length;
        }

        throw new ArgumentOutOfRangeException(nameof(row));
    }

    private Tensor MeanOfTexts(Tensor tokens) =>
        torch.cat([.. _groups.Select(group => group.Mean(tokens.narrow(0, group.FirstToken, group.Tokens)))], 0);

    /// <param name="states">(rows, hidden)</param>
    private void KeepEnds(int[] rows, Tensor states) => Scatter(TorchDecoder.Download(states), rows, _endStates);

    /// <param name="attention">(rows, positions and beyond)</param>
    private void KeepAttention(int[] rows, Tensor attention)
    {
        var (numbers, width) = (TorchDecoder.Download(attention), (int)attention.shape[1]);
        for (var i = 0; i < rows.Length; i++)
            _attentionRows[rows[i]] = numbers.AsSpan(i * width, _batch.Length(rows[i]) + (_refined[rows[i]] ? 1 : 0)).ToArray();
    }

    /// <param name="layers">Of each layer, (rows, width).</param>
    /// <param name="kept">(layers, all rows, width)</param>
    private void KeepLayers(List<Tensor> layers, float[]? kept, int[] rows)
    {
        if (kept is null) return;
        var numbers = TorchDecoder.Download(torch.stack(layers, 0));
        var (mine, all) = (numbers.Length / layers.Count, kept.Length / layers.Count);
        for (var layer = 0; layer < layers.Count; layer++) Scatter(numbers.AsSpan(layer * mine, mine), rows, kept.AsSpan(layer * all, all));
    }

    /// <summary>Row i of <paramref name="numbers"/> becomes row <paramref name="rows"/>[i] of <paramref name="target"/>.</summary>
    private static void Scatter(ReadOnlySpan<float> numbers, int[] rows, Span<float> target)
    {
        var width = numbers.Length / rows.Length;
        for (var i = 0; i < rows.Length; i++) numbers.Slice(i * width, width).CopyTo(target.Slice(rows[i] * width, width));
    }

    private ReadOnlySpan<int> Ids(int row) => _batch.Ids.AsSpan(_batch.Starts[row], _batch.Length(row));

    private int CheckRow(int row)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return DecoderChecks.CheckRow(this, row);
    }

    private void CheckRefining() => Captured(Refining ? _order : null, Capture.Refinement);

    private T Captured<T>(T? value, Capture capture) where T : class
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return DecoderChecks.Captured(value, capture);
    }
}
