using TraceVault.FakeAnthropic;
using TraceVault.Providers.Anthropic;

namespace TraceVault.Demo;

/// <summary>What the demo prints in the terminal.</summary>
internal static class DemoText
{
    /// <summary>What the fake upstream answers to anything but a request for a file.</summary>
    public const string Answer =
        "Hello! I am not Claude: I am a small fake of Anthropic's API, inside the same process as the proxy. "
        + "You sent a TraceVault token; the proxy took it off, put your stored key in its place, and passes on each word "
        + "the moment I say it. "
        + "Ask me with Claude Code to write a file, and I will.";

    public const string Request =
        $$"""{"model":"{{SseScript.DefaultModel}}","max_tokens":256,"stream":true,"messages":[{"role":"user","content":"Say hello."}]}""";

    public static string Welcome(string origin) => $"""

        TraceVault runs at {origin}, in front of a fake of Anthropic's API.
        Nothing leaves this machine. Ctrl-C ends the demo and deletes everything.

        A user signs up, stores a key (made up for this) and streams a message:

        """;

    public static string HowToGoOn(string origin, DemoAccount account)
    {
        var curl =
            $"curl -N {origin}{AnthropicProvider.Base}/v1/messages -H 'x-api-key: {account.Token}' -H 'anthropic-version: "
            + "2023-06-01' "
            + $"-H 'content-type: application/json' -d '{Request}'";
        return $"""


            Now point a tool at it.

              Base URL  {origin}{AnthropicProvider.Base}
              Token     {account.Token}
              Account   {account.Email}, password {account.Password}

            Claude Code; ask it to: write hello.txt containing "Hello"

            ANTHROPIC_BASE_URL={origin}{AnthropicProvider.Base} ANTHROPIC_AUTH_TOKEN={account.Token} claude

            curl:

            {curl}

            Ctrl-C ends the demo.
            """;
    }
}
