using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace TraceVault.Cli.Doctor;

/// <summary>Announces a body and sends none, so that a refusal by its length costs no upload. No HTTP client does that.</summary>
internal static class UnsentBody
{
    private const int MaxHeadBytes = 64 << 10;

    /// <returns>The head of the answer: the status line and the headers.</returns>
    /// <exception cref="IOException">The server closed the connection before it answered, or its head is too long.</exception>
    public static async Task<string> AnnounceAsync(Uri url, long bytes, Header authorization, CancellationToken cancel)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(url.DnsSafeHost, url.Port, cancel);
        await using var stream = await SecureAsync(client, url, cancel);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {url.AbsolutePath} HTTP/1.1\r\nhost: {url.Authority}\r\nuser-agent: {ApiClient.UserAgent}\r\n"
            + $"{authorization.Name}: {authorization.Value}\r\n{Header.Version.Name}: {Header.Version.Value}\r\n"
            + $"content-type: application/json\r\ncontent-length: {bytes}\r\n\r\n"), cancel);
        return await ReadHeadAsync(stream, cancel);
    }

    private static async Task<Stream> SecureAsync(TcpClient client, Uri url, CancellationToken cancel)
    {
        if (url.Scheme == Uri.UriSchemeHttp)
        {
            return client.GetStream();
        }

        var secure = new SslStream(client.GetStream());
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = url.DnsSafeHost }, cancel);
        return secure;
    }

    private static async Task<string> ReadHeadAsync(Stream stream, CancellationToken cancel)
    {
        var head = new StringBuilder();
        var buffer = new byte[4096];
        while (head.Length < MaxHeadBytes)
        {
            var count = await stream.ReadAsync(buffer, cancel);
            if (count == 0)
            {
                throw new EndOfStreamException();
            }

            head.Append(Encoding.Latin1.GetString(buffer, 0, count));
            if (head.ToString().Split("\r\n\r\n") is [var complete, _, ..])
            {
                return complete;
            }
        }

        throw new IOException("The head of the answer does not end.");
    }
}
