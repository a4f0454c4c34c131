using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace TraceVault.Tests.Cli;

/// <summary>What the command line says of recording.</summary>
public sealed class RecordingTests : IDisposable
{
    private readonly CliMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Theory]
    [InlineData("off", "off: nothing of your requests is kept")]
    [InlineData("usage", "usage, no content, for 400 days")]
    [InlineData("full", "full: every byte of requests and answers for 1 day, usage for 400 days")]
    [InlineData("sampled\\u001b", "sampled\\u001b")] // a mode of a newer server's is shown, and no terminal obeys it
    public async Task Status_says_what_is_recorded(string mode, string expected)
    {
        await using var server = await StartAsync(mode);
        _machine.SignedIn(server.Url);

        Assert.EndsWith($"\nRecording      {expected}\n", (await _machine.RunAsync("status")).Out);
        Assert.Equal(1, (await _machine.RunAsync("status --json")).Json.GetProperty("capture").GetProperty("content_days").GetInt32());
    }

    [Fact]
    public async Task An_older_server_says_nothing_of_it_and_neither_does_status()
    {
        await using var server = await OddServer.StartAsync(context => OddServer.SessionAsync(context, "2026-12-20T10:00:00Z"));
        _machine.SignedIn(server.Url);

        Assert.DoesNotContain("Recording", (await _machine.RunAsync("status")).Out);
        Assert.False((await _machine.RunAsync("status --json")).Json.TryGetProperty("capture", out _));
    }

    [Theory]
    [InlineData("full", "", true)]
    [InlineData("full", "--quiet", false)]
    [InlineData("usage", "", false)]
    [InlineData("broken", "", false)]
    public async Task Run_warns_on_standard_error_where_everything_is_recorded(string mode, string option, bool warns)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The command is that of a POSIX system.");
        await using var server = await StartAsync(mode);
        _machine.SignedIn(server.Url, "2999-01-01T00:00:00Z");
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "tracevault"),
            ["proxy", "run", .. option.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--", "echo", "done"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TRACEVAULT_CONFIG_DIR"] = _machine.Folder;
        using var process = Process.Start(start)!;

        var error = await process.StandardError.ReadToEndAsync(Patience.Cancel);
        Assert.Equal("done\n", await process.StandardOutput.ReadToEndAsync(Patience.Cancel));
        Assert.Equal(
            warns
                ? $"{server.Url} records every byte of your requests and their answers for 1 day. Your choice: {server.Url}/me/privacy\n"
                : "",
            error);
    }

    private static Task<OddServer> StartAsync(string mode) => OddServer.StartAsync(context => context.Request.Path != "/api/v1/me/capture"
        ? OddServer.SessionAsync(context, "2999-01-01T00:00:00Z")
        : mode == "broken"
            ? OddServer.ProblemAsync(context, StatusCodes.Status500InternalServerError, "{}")
            : OddServer.JsonAsync(
                context, $$"""{"mode":null,"effective":"{{mode}}","content_days":1,"usage_days":400,"others_content":"never"}"""));
}
