using System.Diagnostics.Metrics;

namespace TraceVault.Gateway;

/// <summary>Counts of the proxy, for <c>/metrics</c>. Labels hold no user, session or path.</summary>
internal sealed class GatewayMetrics : IDisposable
{
    public const string MeterName = "TraceVault.Proxy";

    private static readonly string[] StatusClasses = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _firstByte;
    private readonly Counter<long> _connectFailures;

    // Counted here and read at a scrape: that costs a tenth of what an instrument costs at each request.
    private long _active, _streams, _bytesIn, _bytesOut;

    public GatewayMetrics()
    {
        var seconds = new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600],
        };
        _requests = _meter.CreateCounter<long>("tracevault.proxy.requests", null,
            "Requests ended, by status class and by who made the error (none, upstream, tracevault, client).");
        _meter.CreateObservableUpDownCounter(
            "tracevault.proxy.active_requests", () => Volatile.Read(ref _active), null, "Requests under way.");
        _meter.CreateObservableUpDownCounter(
            "tracevault.proxy.active_streams", () => Volatile.Read(ref _streams), null, "Event streams under way.");
        _duration = _meter.CreateHistogram(
            "tracevault.proxy.duration", "s", "From the request's head to the last byte of its answer.", advice: seconds);
        _firstByte = _meter.CreateHistogram(
            "tracevault.proxy.time_to_first_byte", "s", "From the request's head to the first byte of its answer.", advice: seconds);
        _meter.CreateObservableCounter(
            "tracevault.proxy.request_bytes", () => Volatile.Read(ref _bytesIn), "By", "Body bytes received from clients.");
        _meter.CreateObservableCounter(
            "tracevault.proxy.response_bytes", () => Volatile.Read(ref _bytesOut), "By", "Body bytes sent to clients.");
        _connectFailures = _meter.CreateCounter<long>("tracevault.proxy.upstream_connect_failures", null,
            "Connections to the upstream that could not be made, or broke before an answer.");
    }

    public void Begins() => Interlocked.Increment(ref _active);

    public void UpstreamAnswered(Exchange exchange)
    {
        if (exchange.IsStream)
        {
            Interlocked.Increment(ref _streams);
        }
    }

    public void Ends(Exchange exchange, Ending ending)
    {
        Interlocked.Decrement(ref _active);
        if (exchange.IsStream)
        {
            Interlocked.Decrement(ref _streams);
        }

        var status = new KeyValuePair<string, object?>("status_class", StatusClass(exchange));
        _requests.Add(1, status, new("error_origin", ending.Origin));
        _duration.Record(exchange.Elapsed.TotalSeconds, status);
        if (exchange.TimeToFirstByte is { } firstByte)
        {
            _firstByte.Record(firstByte.TotalSeconds, status);
        }

        Interlocked.Add(ref _bytesIn, exchange.BytesIn);
        Interlocked.Add(ref _bytesOut, exchange.BytesOut);
    }

    public void UpstreamFailed(UpstreamFailure failure) =>
        _connectFailures.Add(1, new KeyValuePair<string, object?>("reason", failure.Reason));

    public void Dispose() => _meter.Dispose();

    private static string StatusClass(Exchange exchange) =>
        exchange.TimeToFirstByte is null ? StatusClasses[0] : StatusClasses[Math.Clamp(exchange.Context.Response.StatusCode / 100, 1, 5)];
}
