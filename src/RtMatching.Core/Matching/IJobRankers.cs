namespace RtMatching.Core.Matching;

/// <summary>The workers that rank the jobs of bulk rankings, here or elsewhere, as a bulk ranking's dispatch sees them.</summary>
public interface IJobRankers
{
    /// <summary>Has the job ranked and its line stored, as <see cref="BulkRankingWorker"/> does; returns when that has ended, however long it takes.</summary>
    /// <exception cref="JobRankerLostException">Nobody knows what became of it: the worker died or does not answer.</exception>
    Task<JobTicketEnd> RankAsync(LeasedJobTicket ticket, CancellationToken cancellation);
}

/// <summary>A leased job of a bulk ranking as it travels between processes: ids only, never a text.</summary>
/// <param name="Token">Of its lease; whoever has it may end the job while it holds.</param>
/// <param name="Position">Among the jobs of the bulk ranking, from 1.</param>
/// <param name="Job">What is ranked for.</param>
public sealed record LeasedJobTicket(long BulkRankingId, Guid Token, long Position, JobKey Job);

public enum JobTicketEnd
{
    /// <summary>The job has its line, waits for its next attempt, or is not this token's any more.</summary>
    Ended,

    /// <summary>No room, or no engine, or the worker stops: not the job's fault. Try again soon, or elsewhere.</summary>
    NotNow,
}

/// <summary>A worker that went away with a job: the job may be given to another.</summary>
public sealed class JobRankerLostException(string message, Exception? inner = null) : Exception(message, inner);
