using Microsoft.Extensions.DependencyInjection;
using TraceVault.Storage;

namespace TraceVault.Tests.Storage;

/// <summary>Counts threads of the whole process.</summary>
[Collection(nameof(Alone))]
public class StorageCrowdTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    /// <summary>Its driver sleeps when it has to wait: a crowd that waited in it would take the threads that streams need.</summary>
    [Fact]
    public async Task Waiting_for_the_embedded_database_holds_no_thread()
    {
        await using var server = await TestServer.StartAsync();
        var database = server.Services.GetRequiredService<Database>();
        var first = await database.ConnectAsync(Cancel);
        var threads = ThreadPool.ThreadCount;

        var crowd = Enumerable.Range(0, 500).Select(async _ =>
        {
            await using var connection = await database.ConnectAsync(Cancel);
        }).ToList();
        Assert.All(crowd, waiting => Assert.False(waiting.IsCompleted));
        Assert.InRange(ThreadPool.ThreadCount, 0, threads + 8);
        await first.DisposeAsync();
        await Task.WhenAll(crowd);
    }
}
