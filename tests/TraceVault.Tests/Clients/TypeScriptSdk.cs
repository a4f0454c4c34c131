using System.Text.Json;

namespace TraceVault.Tests.Clients;

/// <summary>The unmodified TypeScript SDK, driven by <c>tests/clients/sdk.mjs</c>.</summary>
internal static class TypeScriptSdk
{
    /// <param name="call">create, stream, count-tokens, models, error-401, rate-limited or abort.</param>
    /// <returns>The JSON line that the script printed.</returns>
    public static async Task<JsonElement> CallAsync(Uri baseUrl, string token, string call, string model, CancellationToken cancel)
    {
        var script = ClientPackages.Locate("sdk.mjs");
        var folder = Path.GetDirectoryName(script)!;
        var environment = ClientProcess.Environment(baseUrl, Path.GetTempPath());
        environment["ANTHROPIC_AUTH_TOKEN"] = token;
        var run = await ClientProcess.RunAsync(["node", script, call, model], folder, environment, cancel);
        Assert.True(run.ExitCode == 0, run.ToString());
        return JsonElement.Parse(run.Output);
    }
}
