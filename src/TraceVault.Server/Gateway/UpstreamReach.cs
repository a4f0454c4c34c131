namespace TraceVault.Gateway;

/// <summary>
/// Logs whether the upstream can be reached: when that changes, not at every request, because each request's own line has the reason.
/// </summary>
internal sealed partial class UpstreamReach(Upstream upstream, GatewayMetrics metrics, ILoggerFactory loggers, TimeProvider clock)
{
    /// <summary>An upstream that fails now and then is reported at most this often.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly ILogger _log = loggers.CreateLogger("TraceVault.Proxy");
    private readonly Lock _telling = new();
    private volatile UpstreamFailure? _told;
    private DateTimeOffset _toldAt;

    /// <param name="problem">The exception that ended a request before its answer.</param>
    public UpstreamFailure Failed(Exception problem)
    {
        var failure = UpstreamFailure.Of(problem);
        metrics.UpstreamFailed(failure);
        lock (_telling)
        {
            if (failure.Sentence(upstream.Provider.AddressSetting) is { } sentence
                && _told != failure && clock.GetUtcNow() - _toldAt >= Quiet)
            {
                (_told, _toldAt) = (failure, clock.GetUtcNow());
                LogLost(upstream.Name, sentence, failure.Reason);
            }
        }

        return failure;
    }

    public void Answered()
    {
        if (_told is not null)
        {
            TellOfTheEnd();
        }
    }

    private void TellOfTheEnd()
    {
        lock (_telling)
        {
            if (_told is not null)
            {
                _told = null;
                LogBack(upstream.Name);
            }
        }
    }

    [LoggerMessage(
        LogLevel.Warning,
        "{Upstream} cannot be reached: {Sentence} Requests fail with reason={Reason}. This warning is not repeated for each of them.")]
    private partial void LogLost(string upstream, string sentence, string reason);

    [LoggerMessage(LogLevel.Warning, "{Upstream} answers again.")]
    private partial void LogBack(string upstream);
}
