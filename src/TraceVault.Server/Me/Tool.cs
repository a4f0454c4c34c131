using TraceVault.Providers.Anthropic;

namespace TraceVault.Me;

/// <summary>How one tool is pointed at the proxy: what to paste where.</summary>
/// <param name="Id">Its name in the page's address.</param>
/// <param name="Name">Its name for people.</param>
/// <param name="Steps">What to paste, each with the sentence above it.</param>
internal sealed record Tool(string Id, string Name, params IReadOnlyList<(string Say, string Paste)> Steps)
{
    private const string Helper = "tracevault proxy token";

    /// <summary>
    /// What every SDK of Anthropic does, whatever its base URL: bodies pass through unchanged, so the address in them is Anthropic's.
    /// </summary>
    private const string BatchResults =
        "One call leaves the proxy: messages.batches.results() of the SDKs takes the address in results_url as Anthropic gave it, "
        + "and sends your TraceVault token there, where it is refused with 401. "
        + "Read GET /v1/messages/batches/ID/results under the base URL instead.";

    /// <summary>A warning about something that fails later; null when there is nothing.</summary>
    public string? Note { get; private init; }

    /// <summary>All tools, the most common first.</summary>
    /// <param name="origin">The server's public origin.</param>
    public static IReadOnlyList<Tool> All(string origin)
    {
        var proxy = origin + AnthropicProvider.Base;
        return
        [
            new("claude-code", "Claude Code",
                ("Put this into ~/.claude/settings.json:", $$"""
                    {
                      "forceLoginMethod": "gateway",
                      "forceLoginGatewayUrl": "{{proxy}}"
                    }
                    """),
                ("Start Claude Code and sign in. It asks whether you trust this gateway: choose Yes (No comes first), "
                    + "then approve the code in the browser.",
                    "/login"),
                ("Or with the tracevault program, which you can get from this server (“get the command line”, above). "
                    + "Sign in once where you work:",
                    $"tracevault login --server {origin}"),
                ("Then start Claude Code with it:", "tracevault proxy run -- claude")),
            new("api-key-helper", "apiKeyHelper",
                ("Permanently, in ~/.claude/settings.json. Claude Code asks for the token when it needs it, so nothing is copied:", $$"""
                    {
                      "apiKeyHelper": "{{Helper}}",
                      "env": { "ANTHROPIC_BASE_URL": "{{proxy}}" }
                    }
                    """)),
            new("typescript", "TypeScript",
                ("Under `tracevault proxy run` your code needs no change. In code, with a token from the environment:", $$"""
                    import Anthropic from "@anthropic-ai/sdk";

                    const client = new Anthropic({
                      baseURL: "{{proxy}}",
                      authToken: process.env.TRACEVAULT_TOKEN,
                      apiKey: null,
                    });
                    """))
            {
                Note = BatchResults,
            },
            new("python", "Python",
                ("Under `tracevault proxy run` your code needs no change. In code, with a token from the environment:", $$"""
                    import os
                    from anthropic import Anthropic

                    client = Anthropic(
                        base_url="{{proxy}}",
                        auth_token=os.environ["TRACEVAULT_TOKEN"],
                    )
                    """))
            {
                Note = BatchResults,
            },
            new("csharp", "C#",
                ("Under `tracevault proxy run` your code needs no change. In code, with a token from the environment:", $$"""
                    using Anthropic;

                    var client = new AnthropicClient
                    {
                        BaseUrl = "{{proxy}}",
                        AuthToken = Environment.GetEnvironmentVariable("TRACEVAULT_TOKEN"),
                        ApiKey = null,
                    };
                    """))
            {
                Note = BatchResults,
            },
            new("opencode", "opencode",
                ("opencode needs /v1 at the end. In opencode.json:", $$"""
                    {
                      "provider": {
                        "anthropic": {
                          "options": {
                            "baseURL": "{{proxy}}/v1",
                            "apiKey": "{env:ANTHROPIC_AUTH_TOKEN}"
                          }
                        }
                      }
                    }
                    """),
                ("Then:", "tracevault proxy run -- opencode")),
            new("pi", "Pi",
                ("In ~/.pi/agent/models.json, because Pi does not read ANTHROPIC_BASE_URL:", $$"""
                    {
                      "providers": {
                        "anthropic": {
                          "baseUrl": "{{proxy}}",
                          "apiKey": "!{{Helper}}"
                        }
                      }
                    }
                    """)),
            new("gsd", "GSD 2",
                ("GSD 2 takes its settings from the environment:", "tracevault proxy run -- gsd"),
                ("Or put this into ~/.gsd/agent/models.json, and start GSD 2 as above. It cannot run a command to get a key, so apiKey "
                    + "names the variable that `tracevault proxy run` sets:",
                    $$"""
                    {
                      "providers": {
                        "anthropic": {
                          "baseUrl": "{{proxy}}",
                          "apiKey": "ANTHROPIC_AUTH_TOKEN"
                        }
                      }
                    }
                    """)),
            new("curl", "curl",
                ("The token goes into a private file, not into the arguments, which process lists show:",
                    $"(umask 077; printf 'Authorization: Bearer %s' \"$({Helper})\" > auth)"),
                ("Then:", $"""
                    curl -H @auth -H 'anthropic-version: 2023-06-01' {proxy}/v1/models
                    """)),
        ];
    }
}
