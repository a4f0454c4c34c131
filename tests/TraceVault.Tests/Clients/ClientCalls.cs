using System.Text.Json;
using Anthropic;
using Anthropic.Models.Messages;
using TraceVault.Gateway;
using TraceVault.Providers.Anthropic;
using TraceVault.Tests.Cli;

namespace TraceVault.Tests.Clients;

/// <summary>What both the tests on loopback and the live ones do with the clients.</summary>
internal static class ClientCalls
{
    public const string Model = "claude-haiku-4-5";

    /// <summary>The fake upstream reads the same out of the prompt.</summary>
    private const string FileName = "greeting.txt", FileText = "Hello from the vault.";

    /// <summary>What a client shows whose token is not known.</summary>
    public static string InvalidToken { get; } = GatewayError.InvalidToken(new AnthropicProvider(new(), new())).Message;

    /// <summary>The three ways in which Claude Code takes a credential.</summary>
    public static TheoryData<string> Credentials => new("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "apiKeyHelper");

    public static async Task WriteFileWithClaudeCodeAsync(ClientTarget target, string credential, CancellationToken cancel)
    {
        using var claude = new ClaudeCode(target.BaseUrl);
        using var machine = new CliProcess();
        if (credential == "apiKeyHelper")
        {
            await machine.LogInAsync(target.ServerUrl, cancel);
            claude.Environment[CliProcess.ConfigVariable] = machine.ConfigFolder;
            claude.Settings[credential] = $"'{CliProcess.Executable}' proxy token";
        }
        else
        {
            claude.Environment[credential] = target.Token;
        }

        var run = await AskClaudeCodeAsync(claude, cancel);

        Assert.True(run.ExitCode == 0, run.ToString());
        var file = Path.Combine(claude.WorkingDirectory, FileName);
        Assert.True(File.Exists(file), run.ToString());
        Assert.Equal(FileText, (await File.ReadAllTextAsync(file, cancel)).TrimEnd());
    }

    /// <summary>Asks for the file.</summary>
    public static Task<ClientRun> AskClaudeCodeAsync(ClaudeCode claude, CancellationToken cancel) =>
        claude.PrintAsync($"Write {FileName} containing \"{FileText}\".", cancel, "--model", Model);

    public static async Task CallWithTypeScriptAsync(ClientTarget target, CancellationToken cancel)
    {
        Task<JsonElement> Call(string call) => TypeScriptSdk.CallAsync(target.BaseUrl, target.Token, call, Model, cancel);

        var created = await Call("create");
        Assert.NotEqual("", created.GetProperty("text").GetString());
        Assert.StartsWith("msg_", created.GetProperty("id").GetString());
        var streamed = await Call("stream");
        Assert.NotEqual("", streamed.GetProperty("text").GetString());
        Assert.NotEqual(JsonValueKind.Null, streamed.GetProperty("stop_reason").ValueKind);
        Assert.True((await Call("count-tokens")).GetProperty("input_tokens").GetInt64() > 0);
        Assert.NotEqual(0, (await Call("models")).GetProperty("ids").GetArrayLength());
    }

    public static async Task CallWithCSharpAsync(ClientTarget target, CancellationToken cancel)
    {
        using var client = CSharp(target, target.Token);
        var created = await client.Messages.Create(Question, cancel);
        Assert.StartsWith("msg_", created.ID);
        Assert.Contains(created.Content, block => block.TryPickText(out _));

        var (ended, text) = (false, "");
        await foreach (var streamed in client.Messages.CreateStreaming(Question, cancel))
        {
            ended = streamed.TryPickStop(out _);
            if (streamed.TryPickContentBlockDelta(out var change) && change.Delta.TryPickText(out var more))
            {
                text += more.Text;
            }
        }

        Assert.True(ended, "The stream did not end with message_stop.");
        Assert.NotEqual("", text);

        var counted = await client.Messages.CountTokens(
            new MessageCountTokensParams { Model = Model, Messages = Question.Messages }, cancel);
        Assert.True(counted.InputTokens > 0);
        Assert.NotEmpty((await client.Models.List(cancellationToken: cancel)).Items);
    }

    /// <summary>The official C# SDK; it does not retry, because a retry would hide the answer that a test is about.</summary>
    public static AnthropicClient CSharp(ClientTarget target, string token, params DelegatingHandler[] handlers) => new()
    {
        BaseUrl = target.BaseUrl.AbsoluteUri.TrimEnd('/'),
        ApiKey = null,
        AuthToken = token,
        MaxRetries = 0,
        Handlers = handlers,
    };

    public static MessageCreateParams Question => new()
    {
        Model = Model,
        MaxTokens = 256,
        Messages = [new UserMessageParam("Say hello.")],
    };
}
