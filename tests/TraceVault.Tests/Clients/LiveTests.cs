namespace TraceVault.Tests.Clients;

/// <summary>The same clients against api.anthropic.com: they cost money, so they are no part of a run without ANTHROPIC_API_KEY.</summary>
public sealed class LiveTests
{
    private const int Limit = 300_000; // milliseconds

    [FactWhenSet("ANTHROPIC_API_KEY", Timeout = Limit)]
    public async Task Claude_Code_writes_the_file_it_was_asked_for()
    {
        await using var target = await ClientTarget.StartLiveAsync();
        await ClientCalls.WriteFileWithClaudeCodeAsync(target, "ANTHROPIC_API_KEY", TestContext.Current.CancellationToken);
    }

    [FactWhenSet("ANTHROPIC_API_KEY", Timeout = Limit)]
    public async Task The_TypeScript_SDK_creates_streams_counts_and_lists()
    {
        await using var target = await ClientTarget.StartLiveAsync();
        await ClientCalls.CallWithTypeScriptAsync(target, TestContext.Current.CancellationToken);
    }

    [FactWhenSet("ANTHROPIC_API_KEY", Timeout = Limit)]
    public async Task The_CSharp_SDK_creates_streams_counts_and_lists()
    {
        await using var target = await ClientTarget.StartLiveAsync();
        await ClientCalls.CallWithCSharpAsync(target, TestContext.Current.CancellationToken);
    }
}
