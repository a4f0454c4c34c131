using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace TraceVault.Tests.Clients;

/// <summary>The unmodified Claude Code in print mode, with a home and a working directory of its own that are deleted with it.</summary>
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
            Environment[name] = "1";
    }

    public string WorkingDirectory { get; }

    /// <summary>Where a test adds the credential; nothing is inherited but PATH.</summary>
    public Dictionary<string, string> Environment { get; }

    /// <summary>The user's settings.json, for <c>apiKeyHelper</c> and the like.</summary>
    public JsonObject Settings { get; } = [];

    /// <summary>Asks once, edits of files in the working directory allowed; the answer's text is the output.</summary>
    public async Task<ClientRun> PrintAsync(string prompt, CancellationToken cancel, params string[] options)
    {
        var settings = Path.Combine(_home, ".claude", "settings.json");
        Directory.CreateDirectory(Path.GetDirectoryName(settings)!);
        await File.WriteAllTextAsync(settings, Settings.ToJsonString(), cancel);
        string[] arguments = [Binary(), "--print", prompt, "--permission-mode", "acceptEdits", .. options];
        return await ClientProcess.RunAsync(arguments, WorkingDirectory, Environment, cancel);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Binary()
    {
        var architecture = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        return ClientPackages.Locate("node_modules", "@anthropic-ai", $"claude-code-linux-{architecture}", "claude");
    }
}
