using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Gateway;
using TraceVault.Providers.Anthropic;

namespace TraceVault.Tests.Gateway;

/// <summary>An upstream that comes and goes.</summary>
public sealed class UpstreamReachTests : IDisposable
{
    private static readonly HttpRequestException NoName = new(HttpRequestError.NameResolutionError),
        NoTunnel = new(HttpRequestError.ProxyTunnelError);

    private readonly CapturedLog _log = new();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(56));
    private readonly Upstream _upstream = new(
        new AnthropicProvider(new() { AnthropicUrl = "https://upstream.test" }, new()), 0, new(), new(), TimeProvider.System);
    private readonly GatewayMetrics _metrics = new();
    private readonly LoggerFactory _loggers;
    private readonly UpstreamReach _reach;

    public UpstreamReachTests()
    {
        _loggers = new([_log]);
        _reach = new(_upstream, _metrics, _loggers, _clock);
    }

    private string[] Told =>
        [.. _log.Lines.Select(line => line.Contains("answers again") ? "back" : line.Contains("reason=proxy") ? "proxy" : "name")];

    [Fact]
    public void Now_and_then_is_told_once_a_minute()
    {
        for (var second = 0; second < 120; second++)
        {
            _reach.Failed(NoName);
            _reach.Answered();
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["name", "back", "name", "back"], Told);
    }

    [Fact]
    public void Another_reason_is_told_when_the_first_has_stood_for_a_minute()
    {
        _reach.Failed(NoName);
        _reach.Failed(NoTunnel);
        _clock.Advance(TimeSpan.FromMinutes(1));
        _reach.Failed(NoTunnel);
        _reach.Failed(NoTunnel);

        Assert.Equal(["name", "proxy"], Told);
    }

    [Fact]
    public void An_outage_of_hours_is_told_once()
    {
        for (var minute = 0; minute < 300; minute++)
        {
            _reach.Failed(NoName);
            _clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(["name"], Told);
    }

    public void Dispose()
    {
        _loggers.Dispose();
        _log.Dispose();
        _metrics.Dispose();
        _upstream.Dispose();
    }
}
