using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace TraceVault.Tests.Gateway;

/// <summary>A frame of HTTP/2 (RFC 9113 §4.1).</summary>
internal sealed record Http2Frame(byte Type, byte Flags, int Stream, byte[] Payload)
{
    public const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, WindowUpdate = 8;

    public const byte EndStream = 1, Ack = 1, EndHeaders = 4;

    public bool EndsStream => Type is Data or Headers && (Flags & EndStream) != 0;

    /// <summary>An answer without a body.</summary>
    public static Http2Frame Answer(int stream, int status) =>
        // ":status" as a literal, RFC 7541 §6.2.2
        new(Headers, EndHeaders | EndStream, stream, [0x08, 3, .. System.Text.Encoding.ASCII.GetBytes($"{status}")]);

    public static Http2Frame Refusal(int stream) => new(Reset, 0, stream, [0, 0, 0, 7]); // REFUSED_STREAM

    /// <summary>The connection ends, and no stream above this one was processed (RFC 9113 §6.8).</summary>
    public static Http2Frame GoAway(byte lastStream) => new(7, 0, 0, [0, 0, 0, lastStream, 0, 0, 0, 0]);
}

/// <summary>
/// An upstream that speaks HTTP/2 by hand, for what no server library would do. It never lets the proxy send more of a body than it granted
/// at first.
/// </summary>
internal sealed class RawHttp2Upstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Http2Frame, Http2Frame?> _answer;
    private readonly byte _window;
    private readonly Task _serving;

    /// <param name="answer">Gives the frame that answers a received one; null for none.</param>
    /// <param name="window">How much of a body is granted, in units of 64 KiB.</param>
    public RawHttp2Upstream(Func<Http2Frame, Http2Frame?> answer, byte window = 1)
    {
        (_answer, _window) = (answer, window);
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Url => new($"http://{_listener.LocalEndpoint}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        finally
        {
            await Task.WhenAll(serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ServeAsync(TcpClient connection)
    {
        using var _ = connection;
        var stream = connection.GetStream();
        await stream.ReadExactlyAsync(new byte[24], _stop.Token); // the preface
        await WriteAsync(stream, new(Http2Frame.Settings, 0, 0, [0, 4, 0, _window, 0, 0])); // SETTINGS_INITIAL_WINDOW_SIZE, of each stream
        await WriteAsync(stream, new(Http2Frame.WindowUpdate, 0, 0, [0, _window, 0, 0])); // of the connection
        while (true)
        {
            var frame = await ReadAsync(stream);
            if (frame is { Type: Http2Frame.Settings, Flags: 0 })
            {
                await WriteAsync(stream, new(Http2Frame.Settings, Http2Frame.Ack, 0, []));
            }
            else if (_answer(frame) is { } answer)
            {
                await WriteAsync(stream, answer);
            }
        }
    }

    private async Task<Http2Frame> ReadAsync(NetworkStream stream)
    {
        var head = new byte[9];
        await stream.ReadExactlyAsync(head, _stop.Token);
        var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
        await stream.ReadExactlyAsync(payload, _stop.Token);
        return new(head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), payload);
    }

    private async Task WriteAsync(NetworkStream stream, Http2Frame frame)
    {
        var head = new byte[9];
        (head[1], head[2], head[3], head[4]) = ((byte)(frame.Payload.Length >> 8), (byte)frame.Payload.Length, frame.Type, frame.Flags);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(5), frame.Stream);
        await stream.WriteAsync((byte[])[.. head, .. frame.Payload], _stop.Token);
    }
}
