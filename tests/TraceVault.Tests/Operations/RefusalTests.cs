using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Operations;

[Collection(nameof(Alone))]
public class RefusalTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\ncookie: {40000}\r\n\r\n", 431)]
    [InlineData("GET /proxy/anthropic/v1/models HTTP/1.1\r\nHost: x\r\nx-api-key: {40000}\r\n\r\n", 431)]
    [InlineData("GET /{10000} HTTP/1.1\r\nHost: x\r\n\r\n", 414)]
    [InlineData("GET /sk-ant-secret HTTP/7.0\r\nHost: x\r\n\r\n", 505)]
    [InlineData("sk-ant-secret\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: sk-ant-secret@/\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nno colon sk-ant-secret\r\n\r\n", 400)]
    [InlineData("GET /proxy/anthropic/v1/models HTTP/1.1\r\nHost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400)]
    public async Task What_the_web_server_refuses_by_itself_is_told_without_a_word_of_the_request_and_counted(string request, int status)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(status, await RefusedAsync(server, request));

        Assert.Contains($"1 (1 x {status} (", await server.Log.WaitForAsync("Refused by the web server itself", Cancel));
        Assert.Contains("from 127.0.0.1", server.Log.Text);
        Assert.DoesNotContain("sk-ant-secret", string.Join(
            '\n', server.Log.Lines.Where(line => !line.StartsWith("Debug Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal))));
        Assert.Contains(
            (await server.Client.GetStringAsync("/metrics", Cancel)).Split('\n'),
            line => line.StartsWith("tracevault_http_refusals_total{", StringComparison.Ordinal)
                && line.Contains($"reason=\"{status}\"") && line.Split(' ')[1] == "1");
    }

    [Fact]
    public async Task Many_refusals_are_one_line_in_ten_seconds()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var server = await TestServer.StartAsync(clock: clock);
        for (var i = 0; i < 20; i++)
        {
            await RefusedAsync(server, "nonsense\r\n\r\n");
            await RefusedAsync(server, "GET / HTTP/7.0\r\nHost: x\r\n\r\n");
        }

        Assert.Single(Told(server));
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Contains("39 (19 x 400 (malformed), 20 x 505 (", Told(server)[^1]);
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(2, Told(server).Count);
        await RefusedAsync(server, "nonsense\r\n\r\n");
        Assert.Equal(3, Told(server).Count);
    }

    /// <summary>Over HTTP/2 a head that is too large ends the connection before there is a request.</summary>
    [Fact]
    public async Task A_head_above_the_limit_over_HTTP_2_is_told_too()
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        var (certificate, key) = (Path.Combine(database.DataDirectory, "cert.pem"), Path.Combine(database.DataDirectory, "key.pem"));
        using var own = TestCertificate.Create();
        await File.WriteAllTextAsync(certificate, own.ExportCertificatePem(), Cancel);
        await File.WriteAllTextAsync(key, own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), Cancel);
        await using var server = await TestServer.StartAsync(
            database, settings: [
                "--Urls=https://127.0.0.1:0",
                $"--Kestrel:Certificates:Default:Path={certificate}",
                $"--Kestrel:Certificates:Default:KeyPath={key}"]);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Url.Port, Cancel);
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, _) =>
            certificate!.GetCertHashString() == own.GetCertHashString());
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "localhost", ApplicationProtocols = [SslApplicationProtocol.Http2] }, Cancel);

        var header = new byte[16_000]; // one field, never indexed: RFC 7541 section 6.2.2; more than one frame of them
        new byte[] { 0, 1, (byte)'x', 127, 0x80 | ((15_993 - 127) & 127), (15_993 - 127) >> 7 }.CopyTo(header, 0);
        header.AsSpan(6).Fill((byte)'x');
        header = header[..^1];
        // Above twice the limit of 32 KiB; below that it is a request, which gets 431. All at once, because the server closes as soon as it
        // has read enough.
        byte[] more = Frame(type: 9, stream: 1, header);
        byte[] all =
        [
            .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(type: 4, stream: 0, []), .. Frame(type: 1, stream: 1, header), .. more,
            .. more, .. more, .. more
        ];
        await tls.WriteAsync(all, Cancel);

        Assert.Contains(
            "a connection over HTTP/2 that was ended", await server.Log.WaitForAsync("Refused by the web server itself", Cancel));
    }

    private static byte[] Frame(byte type, byte stream, byte[] payload) =>
        [0, (byte)(payload.Length >> 8), (byte)payload.Length, type, 0, 0, 0, 0, stream, .. payload];

    private static List<string> Told(TestServer server) =>
        [.. server.Log.Lines.Where(line => line.Contains("Refused by the web server itself"))];

    /// <summary>{N} in the request stands for N letters.</summary>
    private static async Task<int> RefusedAsync(TestServer server, string request)
    {
        using var raw = await RawHttp.ConnectAsync(server.Url);
        await raw.WriteAsync(
            System.Text.RegularExpressions.Regex.Replace(request, @"\{(\d+)\}", found => new string('x', int.Parse(found.Groups[1].Value))),
            Cancel);
        return (await raw.ReadAsync(Cancel)).Status;
    }
}
