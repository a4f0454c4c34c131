using System.Net.Sockets;
using System.Text;

namespace TraceVault.Tests.Gateway;

/// <summary>HTTP/1.1 by hand, for what no client library would send.</summary>
internal sealed class RawHttp : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };

    public Socket Socket => _client.Client;

    public static async Task<RawHttp> ConnectAsync(Uri url)
    {
        var raw = new RawHttp();
        await raw._client.ConnectAsync(url.Host, url.Port);
        return raw;
    }

    /// <summary>Sends one request on a connection of its own, which the server is asked to close, and reads the answer.</summary>
    /// <param name="url">Only host and port are used.</param>
    /// <param name="target">The request target as it goes over the wire.</param>
    /// <param name="headers">Further header lines.</param>
    public static async Task<RawAnswer> SendAsync(Uri url, string target, CancellationToken cancel, params string[] headers)
    {
        using var raw = await ConnectAsync(url);
        await raw.WriteAsync(
            $"GET {target} HTTP/1.1\r\nHost: {url.Authority}\r\nConnection: close\r\n{string.Concat(headers.Select(h => h + "\r\n"))}\r\n",
            cancel);
        return await raw.ReadAsync(cancel);
    }

    public ValueTask WriteAsync(string text, CancellationToken cancel) => WriteAsync(Encoding.Latin1.GetBytes(text), cancel);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) => _client.GetStream().WriteAsync(bytes, cancel);

    /// <summary>Reads until the text has come.</summary>
    public async Task<string> ReadUntilAsync(string text, CancellationToken cancel)
    {
        var all = new StringBuilder();
        var buffer = new byte[4096];
        while (!all.ToString().Contains(text))
        {
            var count = await _client.GetStream().ReadAsync(buffer, cancel);
            if (count == 0)
            {
                throw new EndOfStreamException($"The connection ended after: {all}");
            }

            all.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return all.ToString();
    }

    /// <summary>Reads until the server closes or resets the connection.</summary>
    public async Task<RawAnswer> ReadAsync(CancellationToken cancel)
    {
        using var all = new MemoryStream();
        var reset = false;
        try
        {
            await _client.GetStream().CopyToAsync(all, cancel);
        }
        catch (IOException)
        {
            reset = true;
        }

        return new RawAnswer(Encoding.Latin1.GetString(all.ToArray()), reset);
    }

    public void Dispose() => _client.Dispose();
}

/// <param name="Text">All bytes of the answer, as Latin-1.</param>
/// <param name="WasReset">Whether the connection was reset instead of closed.</param>
internal sealed record RawAnswer(string Text, bool WasReset)
{
    public int Status => Text.Length < 12 ? 0 : int.Parse(Text.AsSpan(9, 3));

    public string Head => Text.Split("\r\n\r\n")[0];

    public string? Header(string name) => Head.Split("\r\n")
        .FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();
}
