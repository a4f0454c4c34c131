namespace TraceVault.Cli;

/// <summary>Pi goes to api.anthropic.com, whatever ANTHROPIC_BASE_URL says, unless its <c>models.json</c> names another address.</summary>
internal static class PiSettings
{
    /// <summary>Says what to do before the tool can be given a token; null when that is done, or when the tool is not Pi.</summary>
    public static string? Missing(string program, ServerUrl server, Func<string, string?> variable)
    {
        if (!ClientEnvironment.IsProgram(program, "pi"))
        {
            return null;
        }

        var path = Path.Combine(
            variable("PI_CODING_AGENT_DIR") ?? Path.Combine(variable("HOME") ?? variable("USERPROFILE") ?? "", ".pi", "agent"),
            "models.json");
        return Names(path, server.ProxyBase) ? null
            : $$"""
                Pi would bypass your proxy, so it is not given your token: it does not read ANTHROPIC_BASE_URL. Put this into {{path}}:
                  { "providers": { "anthropic": { "baseUrl": "{{server.ProxyBase}}" } } }
                """;
    }

    private static bool Names(string path, string address)
    {
        try
        {
            return File.ReadAllText(path).Contains(address, StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
