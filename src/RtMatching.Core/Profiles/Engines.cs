using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using RtMatching.Core.Telemetry;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;

namespace RtMatching.Core.Profiles;

/// <summary>The models of this process, each loaded once, when it is first needed, and shared by rankings, embeddings and ingestion.</summary>
/// <param name="load">Gives the model at a path (null: the built-in one), which is disposed here.</param>
public sealed class Engines(Func<string?, LanguageModel> load, ILogger<Engines> log) : IAsyncDisposable
{
    private readonly Dictionary<string, Engine> _engines = [];
    private readonly ConcurrentDictionary<string, object> _loading = new();
    private bool _disposed;

    /// <summary>Those that are loaded.</summary>
    public IReadOnlyList<Engine> Loaded
    {
        get { lock (_engines) return [.. _engines.Values]; }
    }

    /// <summary>Loads the model where it is not loaded yet, which takes from a tenth of a second to minutes; others do not wait for it.</summary>
    /// <param name="path">Null is the built-in model.</param>
    /// <exception cref="InvalidModelException">It cannot be loaded. The next call tries again.</exception>
    public Engine Get(string? path)
    {
        var key = Path.GetFullPath(path ?? BuiltInModel.Path);
        if (Find(key) is { } found) return found;
        lock (_loading.GetOrAdd(key, _ => new object()))
        {
            if (Find(key) is { } loaded) return loaded;
            var started = Stopwatch.GetTimestamp();
            var engine = new Engine(load(path));
            log.ModelLoaded(engine.Model.Name, Stopwatch.GetElapsedTime(started).TotalSeconds);
            lock (_engines) return _engines[key] = engine;
        }
    }

    public Task<Engine> GetAsync(string? path, CancellationToken cancellation)
    {
        var found = Find(Path.GetFullPath(path ?? BuiltInModel.Path));
        return found is not null ? Task.FromResult(found) : Task.Run(() => Get(path), cancellation);
    }

    private Engine? Find(string key)
    {
        lock (_engines)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _engines.GetValueOrDefault(key);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Engine[] engines;
        lock (_engines)
        {
            if (_disposed) return;
            _disposed = true;
            engines = [.. _engines.Values];
        }

        foreach (var engine in engines) await engine.DisposeAsync();
    }
}
