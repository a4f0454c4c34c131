using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http.Features;

namespace TraceVault.Operations;

/// <summary>Counts and logs what the web server refuses by itself before our code sees it, such as a head above its limit.</summary>
/// <remarks>
/// One line for the first, then one for all of each <see cref="Interval"/>: anybody can have thousands refused in a second. The web
/// server's own messages are not repeated, because they hold parts of the request.
/// https://learn.microsoft.com/aspnet/core/fundamentals/servers/kestrel/diagnostics
/// </remarks>
internal sealed partial class Refusals : IObserver<KeyValuePair<string, object?>>, IDisposable
{
    public const string MeterName = "TraceVault.Refusals";

    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Reasons for which a connection over HTTP/2 ends without a refusal: the client left, or the server ended.</summary>
    private static readonly HashSet<string> Harmless =
    [
        "aborted_by_app", "app_shutdown_timeout", "connection_reset", "error_after_starting_response", "io_error", "keep_alive_timeout",
    ];

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, long> _untold = new(StringComparer.Ordinal);
    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _refused;
    private readonly ILogger<Refusals> _log;
    private readonly ITimer _timer;
    private readonly IDisposable _subscription;
    private readonly MeterListener _connections;
    private IPAddress? _lastFrom;
    private bool _isPausing;

    public Refusals(DiagnosticListener diagnostics, IMeterFactory meters, TimeProvider clock, ILogger<Refusals> log)
    {
        _log = log;
        _refused = _meter.CreateCounter<long>(
            "tracevault.http.refusals",
            null,
            "Requests that the web server refused by itself, by status, and connections over HTTP/2 that it ended, by reason.");
        _timer = clock.CreateTimer(_ => Tell(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        // Only this event: the others would cost every request something.
        _subscription = diagnostics.Subscribe(this, static name => name == BadRequest);
        _connections = ListenTo(meters);
    }

    /// <summary>
    /// Over HTTP/2 a head above the limit ends the connection without an event for a request: only the server's metric of connections shows
    /// it.
    /// </summary>
    private MeterListener ListenTo(IMeterFactory meters)
    {
        var connections = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "kestrel.connection.duration" && instrument.Meter.Scope == meters)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        connections.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            var (version, error) = (ValueOf(tags, "network.protocol.version"), ValueOf(tags, "error.type"));
            if (version == "2" && error is not null && !Harmless.Contains(error))
            {
                Count(error, null);
            }
        });
        connections.Start();
        return connections;

        static string? ValueOf(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
        {
            foreach (var (key, value) in tags)
            {
                if (key == name)
                {
                    return value as string;
                }
            }

            return null;
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Value is not IFeatureCollection features)
        {
            return;
        }

        var status = (features.Get<IBadRequestExceptionFeature>()?.Error as BadHttpRequestException)?.StatusCode
            ?? StatusCodes.Status400BadRequest;
        Count(status.ToString(CultureInfo.InvariantCulture), features.Get<IHttpConnectionFeature>()?.RemoteIpAddress);
    }

    private void Count(string reason, IPAddress? from)
    {
        _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));
        lock (_gate)
        {
            _untold[reason] = _untold.GetValueOrDefault(reason) + 1;
            _lastFrom = from ?? _lastFrom;
            if (_isPausing)
            {
                return;
            }
        }

        Tell();
    }

    public void OnError(Exception error)
    {
    }

    public void OnCompleted()
    {
    }

    public void Dispose()
    {
        _subscription.Dispose();
        _connections.Dispose();
        _timer.Dispose();
        Tell();
        _meter.Dispose();
    }

    private void Tell()
    {
        lock (_gate)
        {
            _isPausing = _untold.Count > 0;
            if (!_isPausing)
            {
                return;
            }

            LogRefused(
                _untold.Values.Sum(),
                string.Join(", ", _untold.Select(each => $"{each.Value} x {each.Key} ({Meaning(each.Key)})")),
                _lastFrom?.ToString() ?? "-");
            _untold.Clear();
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }

    private static string Meaning(string reason) => reason switch
    {
        "400" => "malformed",
        "408" => "its head or body came too slowly",
        "413" => "its body is larger than that address accepts",
        "414" => "its address is too long",
        "431" => "its headers are too large or too many",
        "505" => "a version of HTTP that this server does not speak",
        _ when char.IsAsciiDigit(reason[0]) => "not understood",
        _ => "a connection over HTTP/2 that was ended",
    };

    [LoggerMessage(LogLevel.Information, "Refused by the web server itself: {Count} ({Statuses}); the last one from {Address}.")]
    private partial void LogRefused(long count, string statuses, string address);
}
