using System.Diagnostics;
using TraceVault.Cli;

namespace TraceVault.Tests.Cli;

public class ShellsTests
{
    private const string Nasty = "it's $HOME `id` \"x\" \\ ; # \u2019 !";

    [Fact]
    public void Quotes_for_each_shell()
    {
        Assert.Equal(@"'a'\''b\'", Shells.Sh(@"a'b\"));
        Assert.Equal(@"'a\'b\\'", Shells.Fish(@"a'b\"));
        Assert.Equal("'a''b\u2019\u2019$x'", Shells.PowerShell("a'b\u2019$x"));
    }

    [Theory, InlineData("sh"), InlineData("bash")]
    public async Task A_posix_shell_reads_the_lines_back_unchanged(string shell)
    {
        Assert.SkipUnless(File.Exists("/bin/" + shell), "This machine does not have that shell.");
        var lines = Shells.Lines("sh", "https://vault.example.com/proxy/anthropic", new Secret(Nasty));
        var script = $"{lines}\nprintf '%s|%s|%s' \"$ANTHROPIC_BASE_URL\" \"$ANTHROPIC_AUTH_TOKEN\" \"${{ANTHROPIC_API_KEY-gone}}\"";
        Assert.Equal($"https://vault.example.com/proxy/anthropic|{Nasty}|gone", await OutputAsync("/bin/" + shell, script));
    }

    [Fact]
    public async Task An_unquoted_eval_works_too()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no POSIX shell to try.");
        var lines = Shells.Lines("sh", "https://v.example.com", new Secret("tvs_1"));
        var script = $"eval $(printf '%s\\n' {Shells.Sh(lines)}); printf '%s' \"$ANTHROPIC_AUTH_TOKEN${{ANTHROPIC_API_KEY-gone}}\"";
        Assert.Equal("tvs_1gone", await OutputAsync("/bin/sh", script));
    }

    private static async Task<string> OutputAsync(string shell, string script)
    {
        var start = new ProcessStartInfo(shell, ["-c", script]) { RedirectStandardOutput = true };
        start.Environment["ANTHROPIC_API_KEY"] = "sk-ant-left-over";
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(Patience.Cancel);
        await process.WaitForExitAsync(Patience.Cancel);
        return output;
    }
}
