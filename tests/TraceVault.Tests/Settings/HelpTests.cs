
namespace TraceVault.Tests.Settings;

/// <summary>What an operator reads about the settings is what the server has.</summary>
public sealed class HelpTests
{
    [Fact]
    public async Task Help_lists_every_setting_and_switch()
    {
        var output = await RunAsync("--help");
        Assert.All(Program.DefaultSettings(), setting => Assert.Contains($"\n  {setting.Name}", output));
        Assert.Contains("\n  TRACEVAULT_PROXY__UPSTREAMTIMEOUT=00:10:00\n", output);
        Assert.All(["--help", "--version", "--demo"], name => Assert.Contains($"\n  {name} ", output));
        Assert.All(output.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public async Task Version_is_one_line()
    {
        Assert.Matches(@"^tracevault-server \d+\.\d+\.\d+\S*$", await RunAsync("--version"));
    }

    [Fact]
    public void The_README_lists_every_setting_with_its_default()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        Assert.All(Program.DefaultSettings(), setting => Assert.Contains(
            setting.Default.Length == 0 ? $"\n| `{setting.Name}` |" : $"\n| `{setting.Name}` | `{setting.Default}` |", readme));
    }

    /// <summary>Runs with a wrong setting, because whoever asks for help may have one.</summary>
    private static async Task<string> RunAsync(string argument)
    {
        await using var server = ServerProcess.Start(new Dictionary<string, string> { ["TRACEVAULT_LOG_LEVEL"] = "nonsense" }, argument);
        Assert.Equal(0, await server.ExitAsync(TestContext.Current.CancellationToken));
        return server.Output;
    }
}
