using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace TraceVault.Tests.Gateway;

/// <summary>One connection that the proxy made to <see cref="RawUpstream"/>.</summary>
internal sealed class RawConnection(Socket socket, int number, CancellationToken cancel) : IDisposable
{
    private readonly byte[] _buffer = new byte[64 << 10];
    private Stream _stream = new NetworkStream(socket, ownsSocket: false);
    private int _start, _end;

    /// <summary>The number of the connection at its upstream, from 1.</summary>
    public int Number { get; } = number;

    public bool IsOver { get; private set; }

    /// <summary>
    /// Cancelled when the upstream ends. A script must wait with this token, because it runs in no test's asynchronous flow.
    /// </summary>
    public CancellationToken Cancel => cancel;

    public async Task SecureAsync(X509Certificate2? certificate)
    {
        if (certificate is not null)
        {
            var tls = new SslStream(_stream, leaveInnerStreamOpen: false);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, cancel);
            _stream = tls;
        }
    }

    /// <returns>The next request, whose head was read; null when the proxy closed.</returns>
    public async Task<RawRequest?> NextAsync()
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await ReadByteAsync() is not { } one)
            {
                return head.Length == 0 ? null : throw new EndOfStreamException($"Half a head: {head}");
            }

            head.Append((char)one);
        }

        return new RawRequest(this, head.ToString());
    }

    /// <summary>Sends the bytes at once: as one segment, or one TLS record, if they fit.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes, cancel);

    public async Task<byte[]> ReadAsync(int count)
    {
        var all = new byte[count];
        for (var filled = 0; filled < count;)
        {
            if (_start == _end)
            {
                await FillAsync();
            }

            var fits = Math.Min(_end - _start, count - filled);
            _buffer.AsSpan(_start, fits).CopyTo(all.AsSpan(filled));
            (_start, filled) = (_start + fits, filled + fits);
        }

        return all;
    }

    public async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (!line.ToString().EndsWith("\r\n", StringComparison.Ordinal))
        {
            line.Append((char)(await ReadByteAsync() ?? throw new EndOfStreamException()));
        }

        return line.ToString()[..^2];
    }

    /// <summary>Completes when the proxy has closed or reset the connection. Bytes that still come are dropped.</summary>
    public async Task ProxyLeftAsync()
    {
        try
        {
            while (await _stream.ReadAsync(_buffer, cancel) > 0)
            {
            }
        }
        catch (IOException)
        {
        }

        IsOver = true;
    }

    /// <summary>Neither reads nor closes until the upstream is disposed of.</summary>
    public Task WaitForTestAsync()
    {
        IsOver = true;
        return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
    }

    /// <summary>Sends a FIN, which the kernel turns into a reset if the socket holds unread data.</summary>
    public void Close()
    {
        IsOver = true;
        _stream.Dispose();
        socket.Dispose();
    }

    /// <summary>Sends a FIN after what was sent; the other direction stays open.</summary>
    public void EndSending() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>
    /// Completes when the proxy's kernel has everything that was sent, a FIN included. Even on one machine a packet is lost where a buffer
    /// is full, and a reset discards what would have to be sent again.
    /// </summary>
    public async Task DeliveredAsync()
    {
        const int Tcp = 6,
            Info = 11,
            Unacked = 24,
            NotSent = 144; // IPPROTO_TCP, TCP_INFO and the places of two of its fields, see linux/tcp.h
        var info = new byte[NotSent + sizeof(int)];
        while (socket.GetRawSocketOption(Tcp, Info, info) > 0
            && BitConverter.ToInt32(info, Unacked) + BitConverter.ToInt32(info, NotSent) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, cancel);
        }
    }

    /// <summary>
    /// To be called before the connection is ended. The function that it returns is awaited after that: it completes when the proxy's
    /// kernel knows of the end. On a busy machine even loopback takes its time.
    /// </summary>
    public Func<Task> WatchEnd()
    {
        var port = ((System.Net.IPEndPoint)socket.RemoteEndPoint!).Port;
        return async () =>
        {
            while (TcpTable.Read().Any(row => row.LocalPort == port && row.State == TcpRow.Established))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, cancel);
            }
        };
    }

    /// <summary>Sends a RST at once.</summary>
    public void Reset()
    {
        IsOver = true;
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    public void Dispose() => socket.Dispose();

    private async Task<byte?> ReadByteAsync()
    {
        if (_start == _end && !await TryFillAsync())
        {
            return null;
        }

        return _buffer[_start++];
    }

    private async Task FillAsync()
    {
        if (!await TryFillAsync())
        {
            throw new EndOfStreamException("The proxy closed.");
        }
    }

    private async Task<bool> TryFillAsync()
    {
        (_start, _end) = (0, await _stream.ReadAsync(_buffer, cancel));
        return _end > 0;
    }
}

/// <summary>A request that came to <see cref="RawUpstream"/>, whose head was read.</summary>
internal sealed class RawRequest(RawConnection connection, string head)
{
    public RawConnection Connection { get; } = connection;

    public string Head { get; } = head;

    public string Target { get; } = head.Split(' ')[1];

    public string Path => Target.Split('?')[0];

    public string? Header(string name) => Head.Split("\r\n")
        .FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();

    public CancellationToken Cancel => Connection.Cancel;

    /// <summary>Waits, for tests that show that a pause between two packets changes nothing.</summary>
    public Task PauseAsync(int milliseconds) => Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, Cancel);

    public Task SendAsync(string text) => Connection.SendAsync(Encoding.Latin1.GetBytes(text));

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => Connection.SendAsync(bytes);

    /// <summary>Reads the body, in either framing.</summary>
    public async Task<byte[]> ReadBodyAsync()
    {
        if (Header("content-length") is { } length)
        {
            return await Connection.ReadAsync(int.Parse(length, CultureInfo.InvariantCulture));
        }

        return Header("transfer-encoding") is null ? [] : await ReadChunksAsync(int.MaxValue);
    }

    /// <summary>Reads chunks of the body up to the last one, or until they hold this many bytes.</summary>
    public async Task<byte[]> ReadChunksAsync(int bytes)
    {
        using var all = new MemoryStream();
        for (var size = -1; size != 0 && all.Length < bytes;)
        {
            size = int.Parse(await Connection.ReadLineAsync(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            all.Write(await Connection.ReadAsync(size));
            await Connection.ReadLineAsync();
        }

        return all.ToArray();
    }
}
