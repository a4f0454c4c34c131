using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace TraceVault.Tests.Gateway;

/// <summary>A client on a bare socket, which sends what the test says and reads answers by their framing, byte for byte.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _start, _end;

    public static async Task<RawClient> ConnectAsync(Uri url)
    {
        var client = new RawClient();
        await client._client.ConnectAsync(url.Host, url.Port);
        return client;
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _client.GetStream().WriteAsync(bytes, Patience.Cancel);

    /// <summary>Reads the head of an answer, with the empty line at its end.</summary>
    public async Task<string> ReadHeadAsync()
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await ReadAsync(1))[0]);
        }

        return head.ToString();
    }

    /// <summary>Reads one whole answer, in any framing, and skips interim ones.</summary>
    public async Task<RawReply> ReadReplyAsync(string method = "POST")
    {
        var head = await ReadHeadAsync();
        while (head.StartsWith("HTTP/1.1 1", StringComparison.Ordinal))
        {
            head = await ReadHeadAsync();
        }

        var reply = new RawReply(head, []);
        if (method is "HEAD" || reply.Status is 204 or 304)
        {
            return reply;
        }

        if (reply.Header("content-length") is { } length)
        {
            return reply with { Body = await ReadAsync(int.Parse(length, CultureInfo.InvariantCulture)) };
        }

        return reply with { Body = reply.Header("transfer-encoding") is "chunked" ? await ReadChunksAsync() : await ReadToEndAsync() };
    }

    /// <exception cref="EndOfStreamException">The server closed before that many bytes came.</exception>
    public async Task<byte[]> ReadAsync(int count)
    {
        var all = new byte[count];
        for (var filled = 0; filled < count;)
        {
            if (_start == _end && !await FillAsync())
            {
                throw new EndOfStreamException($"The server closed after: {Encoding.Latin1.GetString(all, 0, filled)}");
            }

            var fits = Math.Min(_end - _start, count - filled);
            _buffer.AsSpan(_start, fits).CopyTo(all.AsSpan(filled));
            (_start, filled) = (_start + fits, filled + fits);
        }

        return all;
    }

    /// <returns>What came until the server closed.</returns>
    /// <exception cref="IOException">The server reset the connection.</exception>
    public async Task<byte[]> ReadToEndAsync()
    {
        using var all = new MemoryStream();
        do
        {
            all.Write(_buffer.AsSpan(_start, _end - _start));
            _start = _end;
        }
        while (await FillAsync());
        return all.ToArray();
    }

    /// <summary>Closes the connection: a send or read that is under way ends with an exception.</summary>
    public void Leave() => _client.Close();

    public void Dispose() => _client.Dispose();

    private async Task<byte[]> ReadChunksAsync()
    {
        using var all = new MemoryStream();
        for (var size = -1; size != 0;)
        {
            size = int.Parse(await ReadLineAsync(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            all.Write(await ReadAsync(size));
            Assert.Equal("", await ReadLineAsync());
        }

        return all.ToArray();
    }

    private async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (!line.ToString().EndsWith("\r\n", StringComparison.Ordinal))
        {
            line.Append((char)(await ReadAsync(1))[0]);
        }

        return line.ToString()[..^2];
    }

    private async Task<bool> FillAsync()
    {
        (_start, _end) = (0, await _client.GetStream().ReadAsync(_buffer, Patience.Cancel));
        return _end > 0;
    }
}

/// <summary>An answer as it came over the wire.</summary>
internal sealed record RawReply(string Head, byte[] Body)
{
    public int Status => int.Parse(Head.AsSpan(9, 3), CultureInfo.InvariantCulture);

    public string Text => Encoding.Latin1.GetString(Body);

    public string? Header(string name) => Head.Split("\r\n")
        .FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();
}
