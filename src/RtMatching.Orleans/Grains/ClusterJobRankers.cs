using Orleans;
using RtMatching.Core.Matching;
using RtMatching.Orleans.Contracts;

namespace RtMatching.Orleans.Grains;

/// <summary>The grains of jobs, as a bulk ranking's dispatch sees them.</summary>
internal sealed class ClusterJobRankers(IGrainFactory grains) : IJobRankers
{
    public async Task<JobTicketEnd> RankAsync(LeasedJobTicket ticket, CancellationToken cancellation)
    {
        var order = new TicketOrder { BulkRankingId = ticket.BulkRankingId, Token = ticket.Token, Position = ticket.Position };
        try
        {
            var reply = await grains.GetGrain<IMatchingGrain>(ticket.Job.ToString()).RankTicketAsync(order, cancellation);
            return reply.Ended ? JobTicketEnd.Ended : JobTicketEnd.NotNow;
        }
        catch (Exception e) when (Losses.IsLoss(e, cancellation))
        {
            throw new JobRankerLostException($"The grain of job {ticket.Job} was lost with it.", e);
        }
    }
}
