using Microsoft.Extensions.DependencyInjection;
using TraceVault.Storage;

namespace TraceVault.Tests.Storage;

/// <summary>Counts threads of the whole process.</summary>
[Collection(nameof(Alone))]
public class StorageCrowdTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    /// <summary>Its driver sleeps when it has to wait: a crowd that waited in it would take the threads that streams need.</summary>
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, Database.Readers)]
    public async Task Waiting_for_the_embedded_database_holds_no_thread(bool writes, int atOnce)
    {
        await using var server = await TestServer.StartAsync();
        var database = server.Services.GetRequiredService<Database>();
        var open = new TaskCompletionSource();
        var holders = Enumerable.Range(0, atOnce).Select(_ => HoldAsync(open.Task)).ToList();
        await Task.WhenAll(holders.Select(holder => holder.IsOpen.Task));
        var threads = ThreadPool.ThreadCount;

        var crowd = Enumerable.Range(0, 500).Select(_ => HoldAsync(Task.CompletedTask)).ToList();
        Assert.All(crowd, waiting => Assert.False(waiting.IsOpen.Task.IsCompleted));
        Assert.InRange(ThreadPool.ThreadCount, 0, threads + 8);
        open.SetResult();
        await Task.WhenAll([.. holders.Select(holder => holder.End), .. crowd.Select(waiting => waiting.End)]);

        (TaskCompletionSource IsOpen, Task End) HoldAsync(Task until)
        {
            var isOpen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (isOpen, RunAsync());

            async Task RunAsync()
            {
                await using var connection = await (writes ? database.OpenWriterAsync(Cancel) : database.OpenReaderAsync(Cancel));
                isOpen.SetResult();
                await until;
            }
        }
    }
}
