using Microsoft.AspNetCore.Http.Features;

namespace TraceVault.FakeAnthropic;

/// <summary>One header line as it arrived.</summary>
public readonly record struct RecordedHeader(string Name, string Value);

/// <summary>One request exactly as it arrived at the fake, and how it ended.</summary>
public sealed class RecordedRequest
{
    private readonly RawHead? _raw;
    private readonly TaskCompletionSource _bodyReceived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal RecordedRequest(HttpContext context, RawHead? raw)
    {
        _raw = raw;
        Method = raw?.Method ?? context.Request.Method;
        Target = raw?.Target ?? context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        Headers = raw?.Headers ??
        [
            .. from header in context.Request.Headers
            from value in header.Value
            select new RecordedHeader(header.Key, value ?? ""),
        ];
        Protocol = context.Request.Protocol;
        ConnectionId = context.Connection.Id;
    }

    public string Method { get; }

    /// <summary>Path and query as sent, percent-encodings and order untouched.</summary>
    public string Target { get; }

    /// <summary>Names and values as sent and in order over HTTP/1.1; over HTTP/2 names are lower case and the order is Kestrel's.</summary>
    public IReadOnlyList<RecordedHeader> Headers { get; }

    /// <summary>HTTP/1.1 or HTTP/2.</summary>
    public string Protocol { get; }

    /// <summary>Kestrel's id of the connection: two requests with the same id came over the same connection.</summary>
    public string ConnectionId { get; }

    /// <summary>The head's bytes with its empty line; empty over HTTP/2.</summary>
    public ReadOnlyMemory<byte> RawHead => _raw?.Bytes ?? default;

    /// <summary>Sizes in bytes of the chunks of a chunked body, the closing 0 included.</summary>
    public IReadOnlyList<long> Chunks => _raw?.Chunks ?? [];

    /// <summary>What arrived of the body, without chunk framing; empty when it was larger than what is kept.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>Lower-case hexadecimal, of all that arrived, kept or not.</summary>
    public string BodySha256 { get; private set; } = "";

    /// <summary>In bytes, of all that arrived, kept or not.</summary>
    public long BodyLength { get; private set; }

    /// <summary>Completes when the body has arrived, or with the request when it never does. Body, length and hash are then set.</summary>
    public Task BodyReceived => _bodyReceived.Task;

    /// <summary>
    /// Completes when the connection or the stream was cut, by the caller or by a fault, before the answer was finished; otherwise never.
    /// </summary>
    public Task Aborted => _aborted.Task;

    /// <summary>Completes when the answer is over, however it ended.</summary>
    public Task Completed => _completed.Task;

    /// <returns>All values of a header, in order; the name's letter case is ignored.</returns>
    public IReadOnlyList<string> Header(string name) =>
        [.. Headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value)];

    internal void SetBody(ReadOnlyMemory<byte> body, long length, string sha256)
    {
        if (_bodyReceived.Task.IsCompleted)
        {
            return;
        }

        (Body, BodyLength, BodySha256) = (body, length, sha256);
        _bodyReceived.TrySetResult();
    }

    internal void Abort() => _aborted.TrySetResult();

    internal void Complete() => _completed.TrySetResult();
}
