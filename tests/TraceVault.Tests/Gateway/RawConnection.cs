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

    /// <summary>Which one it was, from 1.</summary>
    public int Number { get; } = number;

    public bool IsOver { get; private set; }

    /// <summary>Ends with the upstream. A script must wait by this one: it runs in no test's flow.</summary>
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

    /// <returns>The next request, of which the head was read; null when the proxy closed.</returns>
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

    /// <summary>One send, which is one segment or one record of TLS while it fits.</summary>
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

    /// <summary>Completes when the proxy has closed or reset the connection; what still comes is dropped.</summary>
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

    /// <summary>Neither reads nor closes until the test is over with this upstream.</summary>
    public Task WaitForTestAsync()
    {
        IsOver = true;
        return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
    }

    /// <summary>A FIN; with unread data in the socket the kernel makes it a reset.</summary>
    public void Close()
    {
        IsOver = true;
        _stream.Dispose();
        socket.Dispose();
    }

    /// <summary>A FIN behind what was sent; the other direction stays open.</summary>
    public void EndSending() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>
    /// Completes when the proxy's kernel has all that was sent, an end included. Even on one machine a packet is lost where a buffer is
    /// full, and a reset takes with it what is to be sent again.
    /// </summary>
    public async Task DeliveredAsync()
    {
        const int Tcp = 6,
            Info = 11,
            Unacked = 24,
            NotSent = 144; // IPPROTO_TCP, TCP_INFO and where two of its fields stand, see linux/tcp.h
        var info = new byte[NotSent + sizeof(int)];
        while (socket.GetRawSocketOption(Tcp, Info, info) > 0
            && BitConverter.ToInt32(info, Unacked) + BitConverter.ToInt32(info, NotSent) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, cancel);
        }
    }

    /// <summary>
    /// To be called before an end, and awaited after it: completes when the proxy's kernel knows of it. On a busy machine even loopback
    /// takes its time.
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

    /// <summary>A RST, at once.</summary>
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

/// <summary>A request that came to <see cref="RawUpstream"/>, of which the head was read.</summary>
internal sealed class RawRequest(RawConnection connection, string head)
{
    public RawConnection Connection { get; } = connection;

    public string Head { get; } = head;

    public string Target { get; } = head.Split(' ')[1];

    public string Path => Target.Split('?')[0];

    public string? Header(string name) => Head.Split("\r\n")
        .FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();

    public CancellationToken Cancel => Connection.Cancel;

    /// <summary>Waits, where it is to be shown that a pause between two packets changes nothing.</summary>
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

    /// <summary>Reads chunks of the body up to the last one, or until they hold as many bytes.</summary>
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
