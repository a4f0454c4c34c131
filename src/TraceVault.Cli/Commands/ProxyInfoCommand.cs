using System.CommandLine;

namespace TraceVault.Cli.Commands;

/// <summary><c>proxy info</c>: the addresses, and how each kind of client is pointed at them. Asks no server.</summary>
internal static class ProxyInfoCommand
{
    private const string Helper = "tracevault proxy token";

    private const string Batches = "messages.batches.results() asks api.anthropic.com itself, which answers 401:";

    public static Command Create(CliConsole console)
    {
        var json = SharedOptions.Json();
        var command = new ExampleCommand(
            "info",
            "Show the proxy's base URL and how to set up Claude Code, an SDK, opencode, Pi or GSD 2.",
            "tracevault proxy info",
            "tracevault proxy info --json")
        {
            json,
        };
        command.SetAction(parse =>
        {
            var credentials = Credentials.Require(console, SharedOptions.AllowsHttp(parse));
            var proxy = credentials.Server.ProxyBase;
            var path = credentials.FromEnvironment ? null : CredentialsFile.Find(console)?.Path;
            if (parse.GetValue(json))
            {
                var answer = new ProxyInfoAnswer(
                    credentials.ServerUrl, proxy, proxy + "/v1", Helper, path, credentials.Email, credentials.ExpiresAt);
                console.Out.WriteJson(answer, CliJson.Printed.ProxyInfoAnswer);
            }
            else
            {
                Describe(console.Out, proxy, path ?? "TRACEVAULT_SERVER_URL and TRACEVAULT_TOKEN");
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static void Describe(Printer output, string proxy, string path) => output.WriteLine($$"""
        Base URL     {{output.Style.Bold(proxy)}}
        Credentials  {{path}}

        {{output.Style.Bold("Any client that reads ANTHROPIC_BASE_URL and ANTHROPIC_AUTH_TOKEN")}}
          tracevault proxy run -- COMMAND
          eval "$(tracevault proxy env)"

        {{output.Style.Bold("Claude Code")}}, for one run:
          tracevault proxy run -- claude
        or for good, in ~/.claude/settings.json:
          {
            "apiKeyHelper": "{{Helper}}",
            "env": { "ANTHROPIC_BASE_URL": "{{proxy}}" }
          }

        {{output.Style.Bold("SDKs")}}, under `tracevault proxy run`, need no settings. In code:
          TypeScript  new Anthropic({ baseURL: "{{proxy}}", authToken: token, apiKey: null })
          Python      Anthropic(base_url="{{proxy}}", auth_token=token)
          C#          new AnthropicClient { BaseUrl = "{{proxy}}", AuthToken = token, ApiKey = null }
        where token is the output of: {{Helper}}
        {{Batches}} fetch {{proxy}}/v1/messages/batches/ID/results instead.

        {{output.Style.Bold("opencode")}} needs /v1 at the end. In opencode.json, then `tracevault proxy run -- opencode`:
          {
            "provider": {
              "anthropic": {
                "options": { "baseURL": "{{proxy}}/v1", "apiKey": "{env:ANTHROPIC_AUTH_TOKEN}" }
              }
            }
          }

        {{output.Style.Bold("Pi")}} does not read ANTHROPIC_BASE_URL. In ~/.pi/agent/models.json:
          { "providers": { "anthropic": { "baseUrl": "{{proxy}}", "apiKey": "!{{Helper}}" } } }

        {{output.Style.Bold("GSD 2")}}, and other tools that take a key from ANTHROPIC_API_KEY alone:
          tracevault proxy run -- gsd
          tracevault proxy run --api-key -- COMMAND

        With a certificate of your own authority, Node.js tools need NODE_EXTRA_CA_CERTS, set to the authority's PEM file.
        """);
}
