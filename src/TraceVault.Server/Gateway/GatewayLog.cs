using TraceVault.Logging;
using ZLogger;

namespace TraceVault.Gateway;

/// <summary>Writes one line to the log for each request.</summary>
internal sealed partial class GatewayLog(ILoggerFactory loggers)
{
    private const int MaxPathLength = 200, MaxMethodLength = 20, MaxIdLength = 100;

    private readonly ILogger _log = loggers.CreateLogger("TraceVault.Proxy");

    public void Write(Exchange exchange, Ending ending)
    {
        if (_log.IsEnabled(LogLevel.Information))
        {
            LogExchange(
                exchange.RequestId,
                exchange.UserId ?? "-",
                Redaction.Word(exchange.Context.Request.Method, MaxMethodLength),
                PathForLog(exchange.RawTarget),
                ending.Word,
                exchange.TimeToFirstByte is null ? null : exchange.Context.Response.StatusCode,
                exchange.UpstreamStatus,
                exchange.UpstreamRequestId is { Length: > 0 } id ? Redaction.Word(id, MaxIdLength) : "-",
                exchange.BytesIn,
                exchange.BytesOut,
                exchange.TimeToFirstByte?.TotalMilliseconds,
                exchange.Elapsed.TotalMilliseconds,
                exchange.Failure?.Reason ?? "-");
        }
    }

    /// <summary>Logs an exception that no rule of ours foresaw.</summary>
    public void Mistake(Exchange exchange, Exception problem) => LogMistake(exchange.RequestId, problem);

    /// <summary>The path without its query.</summary>
    internal static string PathForLog(string rawTarget)
    {
        var question = rawTarget.IndexOf('?', StringComparison.Ordinal);
        return Redaction.Word(question < 0 ? rawTarget : rawTarget[..question], MaxPathLength);
    }

    // With ZLogger's generator the line is written as UTF-8 on the log's own thread, not as a string on the request's thread.
    [ZLoggerMessage(LogLevel.Information,
        "{RequestId} user={UserId} {Method} {Path} {Outcome} status={Status} upstream_status={UpstreamStatus} "
        + "upstream_request_id={UpstreamRequestId} bytes_in={BytesIn} bytes_out={BytesOut} first_byte_ms={FirstByteMs:F1} "
        + "duration_ms={DurationMs:F1} reason={Reason}")]
    private partial void LogExchange(
        string requestId, string userId, string method, string path, string outcome, int? status, int? upstreamStatus,
        string upstreamRequestId, long bytesIn, long bytesOut, double? firstByteMs, double durationMs, string reason);

    [LoggerMessage(LogLevel.Error, "{RequestId} failed because of a mistake in the server.")]
    private partial void LogMistake(string requestId, Exception problem);
}
