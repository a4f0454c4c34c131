using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace TraceVault.Tests.Clients;

/// <summary>The unmodified Claude Code, with a home and a working directory of its own that are deleted with it.</summary>
internal sealed class ClaudeCode : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tracevault-claude-");
    private readonly string _home;

    /// <param name="baseUrl">The value of ANTHROPIC_BASE_URL.</param>
    public ClaudeCode(Uri baseUrl)
    {
        _home = _folder.CreateSubdirectory("home").FullName;
        WorkingDirectory = _folder.CreateSubdirectory("work").FullName;
        Environment = ClientProcess.Environment(baseUrl, _home);
        Environment["IS_SANDBOX"] = "1";
        foreach (var name in (string[])[
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING",
            "DISABLE_FEEDBACK_COMMAND", "CLAUDE_CODE_SKIP_PROMPT_HISTORY"])
        {
            Environment[name] = "1";
        }
    }

    public string WorkingDirectory { get; }

    /// <summary>Where a test adds the credential; nothing is inherited but PATH.</summary>
    public Dictionary<string, string> Environment { get; }

    /// <summary>The user's settings.json, for <c>apiKeyHelper</c> and the like.</summary>
    public JsonObject Settings { get; } = [];

    /// <summary>Asks once, edits of files in the working directory allowed; the answer's text is the output.</summary>
    public async Task<ClientRun> PrintAsync(string prompt, CancellationToken cancel, params string[] options)
    {
        await WriteSettingsAsync(cancel);
        string[] arguments = [Binary(), "--print", prompt, "--permission-mode", "acceptEdits", .. options];
        return await ClientProcess.RunAsync(arguments, WorkingDirectory, Environment, cancel);
    }

    /// <summary>Signs in by its own <c>/login</c>, at the first start in a terminal, instead of by the environment.</summary>
    /// <param name="baseUrl">The gateway.</param>
    /// <param name="approve">What a person does with the code in a browser.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public async Task LogInAsync(Uri baseUrl, Func<string, Task> approve, CancellationToken cancel)
    {
        Environment.Remove("ANTHROPIC_BASE_URL");
        Environment["BROWSER"] = "true"; // a program that does nothing
        Settings["forceLoginMethod"] = "gateway";
        Settings["forceLoginGatewayUrl"] = baseUrl.AbsoluteUri;
        await WriteSettingsAsync(cancel);
        using var terminal = new Terminal(Binary(), "/login", WorkingDirectory, Environment);
        await terminal.SeeAsync("Choosethetextstyle.*Syntaxtheme", cancel);
        await terminal.PressAsync(Terminal.Enter, cancel);
        await terminal.SeeAsync("Entertoconnect", cancel);
        await terminal.PressAsync(Terminal.Enter, cancel);
        await ConfirmAsync(terminal, "Yes,trustthisgateway", cancel);
        var code = await terminal.SeeAsync("Code:([B-Z]{4}-[B-Z]{4})", cancel);
        await approve(code.Groups[1].Value);
        await terminal.SeeAsync("ConnectedtoCloudgateway", cancel);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>The answer offered is No; the one above it is Yes.</summary>
    private static async Task ConfirmAsync(Terminal terminal, string yes, CancellationToken cancel)
    {
        await terminal.SeeAsync("❯No,cancellogin", cancel);
        await terminal.PressAsync(Terminal.Up, cancel);
        await terminal.SeeAsync("❯" + yes, cancel);
        await terminal.PressAsync(Terminal.Enter, cancel);
    }

    private async Task WriteSettingsAsync(CancellationToken cancel)
    {
        var settings = Path.Combine(_home, ".claude", "settings.json");
        Directory.CreateDirectory(Path.GetDirectoryName(settings)!);
        await File.WriteAllTextAsync(settings, Settings.ToJsonString(), cancel);
    }

    private static string Binary()
    {
        var architecture = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        return ClientPackages.Locate("node_modules", "@anthropic-ai", $"claude-code-linux-{architecture}", "claude");
    }
}
