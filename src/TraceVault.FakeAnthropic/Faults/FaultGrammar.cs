using System.Globalization;

namespace TraceVault.FakeAnthropic;

/// <summary>Reads faults from a request: <c>name[;key=value]…[,name…]</c>, in the header or after the prefix of a model name.</summary>
internal static class FaultGrammar
{
    public const string HeaderName = "anthropic-fake", ModelPrefix = "fake:";

    public const string Help = """
        Faults, one or several for one request:
          anthropic-fake: NAME[;KEY=VALUE]...[,NAME...]     as a request header, or
          "model": "fake:NAME[;KEY=VALUE]...[,NAME...]"     as the model of the request

          status;code=529;retry-after=7     the documented error body of that status
          delay;for=2s                      a pause before the response head
          slow-headers;for=2s               a pause in the middle of the response head
          silence;after=3;for=60s           a pause within the stream, after so many events
          cut-mid-event;after=3[;fin]       cuts the connection within the next event (fin: half-close, not reset)
          end-early;after=3                 a clean end of the stream without message_stop
          error-event;after=3               an error event, overloaded_error, and a clean end of the stream
          reset                             resets the connection before the response head
          gzip                              content-encoding: gzip
          huge;bytes=50000000               a JSON message of that many bytes
          early;code=413                    answers before the request body is read (header only)
          redirect;code=307;to=URL          a redirect
          reply;events=200;seed=1;pace=20ms a canned stream of so many events; the same bytes for the same seed

        Durations: 20ms, 2s, 5m or plain seconds. Without keys: after=3, for=1s, bytes=1048576, events=24.
        What cannot be read, or names a key that its fault has no use for, is answered with 400. A fault that the answer
        leaves no place for, such as after=30 in a stream of 24 events, is answered with 500, never dropped.
        """;

    /// <summary>The fault that each name starts from, and the keys that it takes.</summary>
    private static readonly Dictionary<string, (Fault Fault, string[] Keys)> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["status"] = (Fault.Status(500), ["code", "retry-after"]),
        ["delay"] = (new(FaultKind.Delay), ["for"]),
        ["slow-headers"] = (new(FaultKind.SlowHeaders), ["for"]),
        ["silence"] = (new(FaultKind.Silence), ["after", "for"]),
        ["cut-mid-event"] = (new(FaultKind.CutMidEvent), ["after", "fin"]),
        ["end-early"] = (new(FaultKind.EndEarly), ["after"]),
        ["error-event"] = (new(FaultKind.ErrorEvent), ["after"]),
        ["reset"] = (Fault.Reset(), []),
        ["gzip"] = (Fault.Gzip(), []),
        ["huge"] = (new(FaultKind.Huge), ["bytes"]),
        ["early"] = (Fault.Early(), ["code", "retry-after"]),
        ["redirect"] = (new(FaultKind.Redirect) { Code = 307 }, ["code", "to"]),
        ["reply"] = (new(FaultKind.Reply), ["events", "seed", "pace"]),
    };

    public static string NameOf(FaultKind kind) => Names.First(known => known.Value.Fault.Kind == kind).Key;

    public static bool TryParse(string text, out IReadOnlyList<Fault> faults)
    {
        var parsed = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ParseOne).ToArray();
        faults = [.. parsed.OfType<Fault>()];
        return parsed.Length > 0 && faults.Count == parsed.Length;
    }

    /// <returns>Null when the text is not a duration.</returns>
    public static TimeSpan? ParseDuration(string text)
    {
        var (digits, seconds) = text switch
        {
            [.. var head, 'm', 's'] => (head, 0.001),
            [.. var head, 's'] => (head, 1.0),
            [.. var head, 'm'] => (head, 60.0),
            _ => (text, 1.0),
        };
        return double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? TimeSpan.FromSeconds(number * seconds)
            : null;
    }

    private static Fault? ParseOne(string text)
    {
        var parts = text.Split(';', StringSplitOptions.TrimEntries);
        var (fault, keys) = Names.GetValueOrDefault(parts[0]);
        foreach (var part in parts.Skip(1))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var (key, value) = equals < 0 ? (part, "") : (part[..equals], part[(equals + 1)..]);
            fault = fault is not null && keys.Contains(key) ? With(fault, key, value) : null;
        }

        return fault;
    }

    private static Fault? With(Fault fault, string key, string value) => (key, Number(value), ParseDuration(value)) switch
    {
        ("code", >= 200 and < 600 and var code, _) => fault with { Code = (int)code },
        ("retry-after", >= 0 and var seconds, _) => fault with { RetryAfter = (int)seconds },
        ("after", >= 0 and var events, _) => fault with { After = (int)events },
        ("bytes", >= 0 and var bytes, _) => fault with { Bytes = bytes },
        ("events", >= SseScript.MinEvents and <= SseScript.MaxEvents and var events, _) => fault with { Events = (int)events },
        ("seed", { } seed, _) => fault with { Seed = (int)seed },
        ("for", _, { } pause) => fault with { For = pause },
        ("pace", _, { } pace) => fault with { Pace = pace },
        ("to", _, _) => fault with { To = value },
        ("fin", _, _) when value.Length == 0 => fault with { Fin = true },
        _ => null,
    };

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
