using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using RtMatching.Core.Storage;

namespace RtMatching.Orleans.Tests.Cluster;

/// <summary>A grain that a reminder wakes every second, and that notes in the database which silo it was woken on.</summary>
internal static class Ticking
{
    /// <summary>A silo with this in its environment sets the reminder; others only know the grain.</summary>
    public const string Variable = "RTMATCH_TEST_TICKS";

    public static void Configure(ISiloBuilder silo)
    {
        silo.Configure<ReminderOptions>(reminders => reminders.MinimumReminderPeriod = TimeSpan.FromSeconds(1));
        if (Environment.GetEnvironmentVariable(Variable) is not null) silo.Services.AddHostedService<Starter>();
    }

    private sealed class Starter(IGrainFactory grains) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => grains.GetGrain<ITickingGrain>("one").StartAsync();
    }
}

[Alias("rtmatch.tests.ticking")]
internal interface ITickingGrain : IGrainWithStringKey
{
    [Alias("start")]
    Task StartAsync();
}

internal sealed class TickingGrain(Database database, ILocalSiloDetails silo) : Grain, ITickingGrain, IRemindable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    public async Task StartAsync() => await this.RegisterOrUpdateReminder("tick", Period, Period);

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        await using var command = database.Source.CreateCommand("insert into ticks (silo) values ($1)");
        command.Parameters.AddWithValue(silo.Name);
        await command.ExecuteNonQueryAsync();
    }
}
