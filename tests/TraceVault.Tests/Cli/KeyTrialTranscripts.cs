using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using TraceVault.Gateway;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Cli;

/// <summary>The commands for the key, with a server whose Anthropic accepts only one key.</summary>
public sealed class KeyTrialTranscripts : IDisposable
{
    private const string Deleted = "sk-ant-api03-a-key-that-was-deleted\n";

    private readonly CliMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task A_key_that_Anthropic_does_not_know_is_stored_only_on_request_and_shown_as_refused_once_it_was_used()
    {
        await using var rig = await ProxyRig.StartAsync(new() { ApiKey = TestServer.AnthropicKey });
        (_machine.Variables["TRACEVAULT_SERVER_URL"], _machine.Variables["TRACEVAULT_TOKEN"]) =
            (rig.Server.Url.GetLeftPart(UriPartial.Authority), rig.Token);

        Assert.Equal(
            new(0, "The key is stored. Try it: tracevault proxy run -- claude\n", ""),
            await _machine.PipeAsync("key set", TestServer.AnthropicKey + "\n"));
        Assert.Matches(
            @"^Anthropic key  stored since .* UTC, working since .* UTC, not used yet, at most 32 requests at once\n$",
            (await _machine.RunAsync("key status")).Out);
        var refused = await _machine.PipeAsync("key set", Deleted);
        Assert.Equal((1, ""), (refused.ExitCode, refused.Out));
        Assert.StartsWith(
            "Anthropic does not know this key: it answered 401, \u201cinvalid x-api-key\u201d. Nothing was changed.", refused.Error);
        Assert.EndsWith("tracevault key set --store-anyway\n", refused.Error);
        Assert.Contains("working since", (await _machine.RunAsync("key status")).Out); // the one before

        Assert.Equal(
            new(0, "The key is stored. Try it: tracevault proxy run -- claude\n", ""),
            await _machine.PipeAsync("key set --store-anyway", Deleted));
        await rig.CallAsync(cancel: Patience.Cancel);
        await rig.Server.Services.GetServices<IHostedService>().OfType<LastUseWriter>().Single().WriteAsync(Patience.Cancel);
        foreach (var command in (string[])["key status", "status"])
        {
            Assert.Matches(
                "Anthropic key  refused by Anthropic since .* UTC. Make another at console.anthropic.com",
                (await _machine.RunAsync(command)).Out);
        }

        Assert.False(
            (await _machine.RunAsync("key status --json")).Json.GetProperty("refused_at").ValueKind is System.Text.Json.JsonValueKind.Null);
    }
}
