namespace TraceVault.Tests;

/// <summary>A server as it is handed out, in a process of its own.</summary>
internal sealed class PublishedServer : RunningServer
{
    private readonly ServerProcess _process;

    private PublishedServer(Uri url, ServerProcess process)
        : base(url) => _process = process;

    /// <summary>Everything it wrote so far.</summary>
    public string Output => _process.Output;

    public static async Task<PublishedServer> StartAsync(
        string file, TestDatabase database, Uri? upstream = null, string? authority = null, params string[] settings)
    {
        var process = ServerProcess.StartAlone(file, database.DataDirectory, authority, TestServer.Arguments(database, upstream, settings));
        try
        {
            return new PublishedServer(await process.UrlAsync(Patience.Cancel), process);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops as an operator stops it.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> StopAsync() => _process.StopAsync(Patience.Cancel);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _process.DisposeAsync();
    }
}
