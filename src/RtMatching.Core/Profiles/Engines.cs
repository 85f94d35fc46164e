using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RtMatching.Core.Telemetry;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;

namespace RtMatching.Core.Profiles;

/// <summary>The models of this process, each loaded once, when it is first needed, and shared by rankings, embeddings and ingestion.</summary>
/// <param name="load">Gives the model at a path (null: the built-in one), which is disposed here.</param>
/// <param name="settings">Of each engine.</param>
public sealed class Engines(Func<string?, LanguageModel> load, ILogger log, EngineSettings? settings = null, TimeProvider? time = null)
    : IAsyncDisposable
{
    private readonly Dictionary<string, Engine> _engines = [];
    private readonly ConcurrentDictionary<string, object> _loading = new();
    private readonly ConcurrentDictionary<string, LoadProblem> _problems = new();
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private bool _disposed;

    /// <summary>Those that are loaded.</summary>
    public IReadOnlyList<Engine> Loaded
    {
        get { lock (_engines) return [.. _engines.Values]; }
    }

    /// <summary>Models that could not be loaded when they were last asked for.</summary>
    public IReadOnlyList<LoadProblem> LoadProblems => [.. _problems.Values];

    /// <summary>One was loaded, failed, or works again, as a whole or in part. Raised on any thread, which waits for it.</summary>
    public event Action<Engine>? Changed;

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
            var engine = Load(key, path);
            lock (_engines) _engines[key] = engine;
            Changed?.Invoke(engine);
            return engine;
        }
    }

    private Engine Load(string key, string? path)
    {
        var started = _time.GetTimestamp();
        try
        {
            var engine = new Engine(load(path), settings, _time);
            engine.Changed += Tell;
            _problems.TryRemove(key, out _);
            log.ModelLoaded(engine.Model.Name, _time.GetElapsedTime(started).TotalSeconds);
            return engine;
        }
        catch (Exception e)
        {
            var why = e is InvalidModelException ? e.Message : $"The model could not be loaded: {e.GetType().Name}.";
            _problems[key] = new LoadProblem(path, why, _time.GetUtcNow());
            throw;
        }
    }

    private void Tell(Engine engine)
    {
        if (engine.Problem is { } problem) log.EngineFailed(problem);
        else if (engine.Warning is { } warning) log.EngineImpaired(warning);
        else log.EngineWorks(engine.Model.Name);
        Changed?.Invoke(engine);
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

/// <param name="Path">As it was asked for; null is the built-in model.</param>
/// <param name="At">When it was last tried.</param>
public sealed record LoadProblem(string? Path, string Message, DateTimeOffset At);
