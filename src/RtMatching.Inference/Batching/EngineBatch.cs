using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;

namespace RtMatching.Inference.Batching;

/// <summary>Rows of one or several requests that are run together.</summary>
internal sealed class EngineBatch(EnginePriority priority)
{
    private readonly List<(EngineRequest Request, int Row)> _places = [];
    private (SharedForward, int[]?) _kind;
    private long _cost;

    public EnginePriority Priority => priority;
    public int Count => _places.Count;

    /// <summary>A device failed with it: nobody else's texts are to be in a batch that may fail like that again.</summary>
    public bool IsSuspect { get; private set; }
    public IReadOnlyList<EngineRequest> Requests => [.. _places.Select(place => place.Request).Distinct()];
    public ForwardRow[] Rows => [.. _places.Select(place => place.Request.Row(place.Row))];

    /// <summary>Takes the request's next rows as long as they can be run with those that are here and fit; the first always does.</summary>
    /// <param name="budget">Of <paramref name="costOf"/> in all.</param>
    public void Fill(EngineRequest request, int budget, Func<TextSequence, int> costOf)
    {
        while (request.Left > 0)
        {
            var (next, cost) = (request.Next, costOf(request.Next.Sequence));
            if (Count > 0 && (_cost + cost > budget || EngineRequest.Kind(next) != _kind)) return;
            if (Count == 0) (_kind, IsSuspect) = (EngineRequest.Kind(next), request.Failures > 0);
            _places.Add((request, request.Take()));
            _cost += cost;
        }
    }

    /// <summary>Each request's rows by themselves.</summary>
    public IEnumerable<EngineBatch> Split()
    {
        foreach (var alone in _places.GroupBy(place => place.Request))
        {
            var batch = new EngineBatch(priority);
            batch._places.AddRange(alone);
            yield return batch;
        }
    }

    /// <summary>Its rows are in no batch again.</summary>
    public void PutBack()
    {
        for (var i = _places.Count - 1; i >= 0; i--) _places[i].Request.PutBack(_places[i].Row);
    }

    /// <param name="passes">What was run, by row and reading.</param>
    public void Deliver(IReadOnlyList<RefinedPass>[][] passes)
    {
        for (var i = 0; i < passes.Length; i++) _places[i].Request.Keep(_places[i].Row, passes[i]);
        foreach (var request in Requests) request.EndIfDone();
    }
}
