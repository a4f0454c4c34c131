using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Downloads;

/// <summary>The command line that the server hands out.</summary>
public sealed partial class DownloadTests : IAsyncLifetime
{
    private static readonly byte[] Program = Encoding.ASCII.GetBytes("#!/bin/sh\necho installed\n");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tracevault-downloads-");
    private TestServer _server = null!;

    private static CancellationToken Cancel => Patience.Cancel;

    private string Folder => Path.Combine(_folder.FullName, "files");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Folder);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "outside"), "secret", Cancel);
        await File.WriteAllBytesAsync(Path.Combine(Folder, "tracevault-linux-x64"), Program, Cancel);
        await File.WriteAllTextAsync(Path.Combine(Folder, "notes.txt"), "secret", Cancel);
        _server = await TestServer.StartAsync(settings: $"--Downloads={Folder}");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_file_is_handed_out_whole_or_in_part_and_not_again_to_a_client_that_has_it()
    {
        using var whole = await _server.Client.GetAsync("/downloads/tracevault-linux-x64", Cancel);
        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
        Assert.Equal(Program, await whole.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(
            ("application/octet-stream", Program.Length),
            (whole.Content.Headers.ContentType?.ToString(), whole.Content.Headers.ContentLength));
        Assert.Equal(
            "attachment; filename=tracevault-linux-x64", whole.Content.Headers.ContentDisposition?.ToString().Split("; filename*")[0]);
        Assert.Equal(["nosniff"], whole.Headers.GetValues("x-content-type-options"));
        Assert.Equal("no-cache", whole.Headers.CacheControl?.ToString());
        Assert.Equal($"\"sha256-{Hash}\"", whole.Headers.ETag?.ToString());

        using var again = await AskAsync(HttpMethod.Get, request => request.IfNoneMatch.Add(whole.Headers.ETag!));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);

        using var part = await AskAsync(HttpMethod.Get, request => request.Range = new RangeHeaderValue(2, 4));
        Assert.Equal((HttpStatusCode.PartialContent, "/bi"), (part.StatusCode, await part.Content.ReadAsStringAsync(Cancel)));

        using var head = await AskAsync(HttpMethod.Head, _ => { });
        Assert.Equal((HttpStatusCode.OK, Program.Length), (head.StatusCode, head.Content.Headers.ContentLength));
    }

    [Theory]
    [InlineData("/downloads/notes.txt")]
    [InlineData("/downloads/tracevault-linux-arm64")]
    [InlineData("/downloads/TRACEVAULT-linux-x64")]
    [InlineData("/downloads/../outside")]
    [InlineData("/downloads/..%2foutside")]
    [InlineData("/downloads/%2e%2e%2foutside")]
    [InlineData("/downloads/..%5coutside")]
    [InlineData("/downloads//tracevault-linux-x64")]
    [InlineData("/downloads/tracevault-linux-x64%00")]
    [InlineData("/downloads/tracevault-linux-x64/")]
    public async Task Nothing_else_is(string target)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(_server.Url.Host, _server.Url.Port, Cancel);
        await socket.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nhost: {_server.Url.Authority}\r\nconnection: close\r\n\r\n"), Cancel);
        using var reader = new StreamReader(socket.GetStream());
        var answer = await reader.ReadToEndAsync(Cancel);
        Assert.DoesNotContain("secret", answer);
        if (!target.EndsWith("x64/", StringComparison.Ordinal)) // a slash behind it is the same address
        {
            Assert.Matches("^HTTP/1.1 40[04] ", answer);
        }
    }

    [Fact]
    public async Task A_new_file_is_shown_without_a_restart()
    {
        using var visitor = new PageClient(_server.Url);
        Assert.Contains(Hash, await visitor.ReadAsync("/downloads"));
        var newer = Encoding.ASCII.GetBytes("newer");
        await File.WriteAllBytesAsync(Path.Combine(Folder, "tracevault-linux-x64"), newer, Cancel);
        await File.WriteAllBytesAsync(Path.Combine(Folder, "tracevault-win-x64.exe"), newer, Cancel);
        var page = await visitor.ReadAsync("/downloads");
        Assert.DoesNotContain(Hash, page);
        Assert.Contains("Get-FileHash", page);
        Assert.Contains("/downloads/tracevault-win-x64.exe", page);
        Assert.Equal("newer", await _server.Client.GetStringAsync("/downloads/tracevault-linux-x64", Cancel));
    }

    [Fact]
    public async Task Where_there_is_none_the_page_says_how_to_add_one()
    {
        await using var server = await TestServer.StartAsync(settings: $"--Downloads={Folder}/nothing-here");
        using var visitor = new PageClient(server.Url);
        var page = await visitor.ReadAsync("/downloads");
        Assert.Contains("TRACEVAULT_DOWNLOADS", page);
        Assert.DoesNotContain(Folder, page);
    }

    /// <summary>Runs the line from the page in a shell that has a home directory of its own.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public async Task The_line_installs_what_the_page_promises_and_nothing_else(bool changed)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The line is for a POSIX shell.");
        using var visitor = new PageClient(_server.Url);
        var line = WebUtility.HtmlDecode(Line().Match(await visitor.ReadAsync("/downloads")).Groups[1].Value);
        if (changed)
        {
            await File.AppendAllTextAsync(Path.Combine(Folder, "tracevault-linux-x64"), "# and more\n", Cancel);
        }

        var start = new ProcessStartInfo("/bin/sh", ["-c", line])
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        start.Environment["HOME"] = _folder.FullName;
        foreach (var proxy in (string[])["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
        {
            start.Environment.Remove(proxy);
        }

        using var shell = Process.Start(start)!;
        var output = shell.StandardOutput.ReadToEndAsync(Cancel);
        var errors = await shell.StandardError.ReadToEndAsync(Cancel);
        await shell.WaitForExitAsync(Cancel);

        var installed = Path.Combine(_folder.FullName, ".local", "bin", "tracevault");
        Assert.Equal(changed, shell.ExitCode != 0);
        Assert.True(File.Exists(installed) != changed, await output + errors);
        Assert.Equal(changed, File.Exists(Path.Combine(_folder.FullName, "tracevault.new")));
        Assert.True(changed || File.GetUnixFileMode(installed).HasFlag(UnixFileMode.UserExecute));
    }

    private static string Hash => Convert.ToHexStringLower(SHA256.HashData(Program));

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, Action<HttpRequestHeaders> headers)
    {
        using var request = new HttpRequestMessage(method, "/downloads/tracevault-linux-x64");
        headers(request.Headers);
        return await _server.Client.SendAsync(request, Cancel);
    }

    [GeneratedRegex("<pre id=\"install-0\"[^>]*>([^<]*)</pre>")]
    private static partial Regex Line();
}
