using Npgsql;
using Orleans;
using Orleans.Concurrency;
using RtMatching.Inference.Batching;
using RtMatching.Inference.Model;

namespace RtMatching.Orleans.Contracts;

/// <summary>Why a grain could not do what it was asked, as a value: exceptions of our own types do not cross the network as themselves.</summary>
[GenerateSerializer, Immutable, Alias("rtmatch.Fault")]
public sealed record Fault
{
    [Id(0)]
    public FaultKind Kind { get; init; }

    /// <summary>For a person; never a piece of a document.</summary>
    [Id(1)]
    public string Message { get; init; } = "";

    /// <summary>Null for what nobody foresaw: that is thrown as it is, logged, and told to nobody outside.</summary>
    public static Fault? Of(Exception exception)
    {
        FaultKind? kind = exception switch
        {
            KeyNotFoundException => FaultKind.Missing,
            ArgumentException => FaultKind.Invalid,
            InvalidModelException => FaultKind.Model,
            EngineFailedException => FaultKind.Engine,
            RefusedException => FaultKind.Refused,
            NpgsqlException { IsTransient: true } => FaultKind.Database,
            _ => null,
        };
        return kind is { } known ? new Fault { Kind = known, Message = exception.Message } : null;
    }

    /// <summary>What the grain met, as the caller meets it.</summary>
    public Exception ToException() => Kind switch
    {
        FaultKind.Missing => new KeyNotFoundException(Message),
        FaultKind.Invalid => new ArgumentException(Message),
        FaultKind.Model => new InvalidModelException(Message),
        FaultKind.Engine or FaultKind.Refused => new EngineFailedException(Message),
        FaultKind.Database => new NpgsqlException(Message),
        _ => new InvalidOperationException(Message),        // a newer silo's kind
    };
}

/// <summary>The numbers travel: add, never renumber.</summary>
public enum FaultKind
{
    Unknown = 0,

    /// <summary>What was asked about is not there.</summary>
    Missing = 1,

    /// <summary>The request cannot be honoured.</summary>
    Invalid = 2,

    /// <summary>A model's files are broken or not there.</summary>
    Model = 3,

    /// <summary>The engine fails whatever it is given, or there is none.</summary>
    Engine = 4,

    /// <summary>This silo would do it wrongly (other weights, another text preparation) or leaves: ask another.</summary>
    Refused = 5,

    /// <summary>The database does not answer.</summary>
    Database = 6,
}
