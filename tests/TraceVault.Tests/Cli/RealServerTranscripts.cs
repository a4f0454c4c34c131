namespace TraceVault.Tests.Cli;

/// <summary>The transcripts against the real server.</summary>
public sealed class RealServerTranscripts : ServerTranscripts
{
    protected override async Task<IEmptyServer> StartServerAsync(TimeProvider clock) =>
        new EmptyServer(await TestServer.StartAsync(clock: clock));

    private sealed record EmptyServer(TestServer Server) : IEmptyServer
    {
        public string Url => Server.Url.GetLeftPart(UriPartial.Authority);

        public string SetupToken => TestServer.SetupToken;

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
