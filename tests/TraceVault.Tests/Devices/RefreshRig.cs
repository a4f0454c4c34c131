using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Gateway;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Devices;

/// <summary>Devices at several addresses, and a server that has a trusted proxy in front and a clock that tests move.</summary>
internal sealed class RefreshRig : IAsyncDisposable
{
    private readonly ProxyRig _rig;

    private RefreshRig(ProxyRig rig, FakeTimeProvider clock) => (_rig, Clock) = (rig, clock);

    public FakeTimeProvider Clock { get; }

    public TestServer Server => _rig.Server;

    public TestDatabase Database => _rig.Database;

    /// <summary>The tokens of a device that was signed in at the start.</summary>
    public OAuthReply First { get; private set; } = null!;

    public static async Task<RefreshRig> StartAsync(string engine)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        var rig = new RefreshRig(await ProxyRig.StartAsync(engine: engine, clock: clock, settings: "--TrustedProxies=127.0.0.1"), clock);
        rig.First = await rig.SignInAsync("192.0.2.7");
        return rig;
    }

    public async Task<OAuthReply> SignInAsync(string from)
    {
        using var owner = new PageVisitor(Server).SignedIn(_rig.Token);
        return await new DeviceClient(Server, from).SignInAsync(owner);
    }

    public Task<OAuthReply> RefreshAsync(string from, OAuthReply tokens) =>
        new DeviceClient(Server, from).RefreshAsync(tokens["refresh_token"]);

    /// <summary>A request to the proxy a second later, so that it is one after all that was before; its time is written at once.</summary>
    /// <returns>The code of the proxy's error, null when the request was forwarded.</returns>
    public async Task<string?> UseAsync(OAuthReply tokens)
    {
        Clock.Advance(TimeSpan.FromSeconds(1));
        var (_, code, _) = await _rig.CallAsync(token: tokens["access_token"], cancel: Patience.Cancel);
        await Server.Services.GetServices<IHostedService>().OfType<LastUseWriter>().Single().WriteAsync(Patience.Cancel);
        return code;
    }

    /// <returns>The session's id, as the API says it.</returns>
    public async Task<string?> SessionAsync(OAuthReply tokens) =>
        (await Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", tokens["access_token"]))
            .GetProperty("session").GetProperty("id").GetString();

    public async Task<long> CountAsync(string action)
    {
        await using var connection = await Database.OpenAsync();
        return await connection.ExecuteScalarAsync<long>("select count(*) from audit_events where action = @action", new { action });
    }

    public ValueTask DisposeAsync() => _rig.DisposeAsync();
}
