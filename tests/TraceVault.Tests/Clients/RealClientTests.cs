using System.Net;
using System.Net.Http.Headers;
using Anthropic.Exceptions;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Clients;

/// <summary>
/// The clients that people use, unmodified, through the proxy. Whatever a test does, the upstream must have seen the stored key and no
/// token.
/// </summary>
public sealed class RealClientTests : IAsyncLifetime
{
    private const int Limit = 120_000; // milliseconds

    private static readonly Fault RateLimited = Fault.Status(429, retryAfter: 7);

    private readonly TaskCompletionSource _never = new();
    private ClientTarget _target = null!;

    public async ValueTask InitializeAsync() => _target = await ClientTarget.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await using (_target)
        {
            KeySwap.AssertDone(_target.Requests);
        }
    }

    [Theory(Timeout = Limit), MemberData(nameof(ClientCalls.Credentials), MemberType = typeof(ClientCalls))]
    public Task Claude_Code_writes_the_file_it_was_asked_for(string credential) =>
        ClientCalls.WriteFileWithClaudeCodeAsync(_target, credential, TestContext.Current.CancellationToken);

    [Fact(Timeout = Limit)]
    public async Task Claude_Code_asks_once_with_a_wrong_token_and_shows_our_message()
    {
        using var claude = new ClaudeCode(_target.BaseUrl);
        claude.Environment["ANTHROPIC_AUTH_TOKEN"] = "wrong";
        var run = await ClientCalls.AskClaudeCodeAsync(claude, TestContext.Current.CancellationToken);

        Assert.True(run.ExitCode == 1, run.ToString());
        Assert.Contains(ClientCalls.InvalidToken, run.Output);
        var asked = Assert.Single(await _target.StopAsync());
        Assert.Contains("POST /proxy/anthropic/v1/messages invalid_token", asked);
        Assert.Empty(_target.Requests);
    }

    [Fact(Timeout = Limit)]
    public async Task Claude_Code_comes_back_when_the_upstream_was_overloaded()
    {
        _target.Expect(Fault.Status(529, retryAfter: 1));
        await ClientCalls.WriteFileWithClaudeCodeAsync(_target, "ANTHROPIC_AUTH_TOKEN", TestContext.Current.CancellationToken);
        Assert.Equal(3, _target.Requests.Count); // refused, the tool call, its result
        Assert.Equal(_target.Requests[0].BodySha256, _target.Requests[1].BodySha256);
    }

    /// <summary>
    /// In this mode it asks the API to judge what it is about to do outside its working directory. If the verdict is lost on the way, it
    /// refuses, and blames whatever is between it and the API.
    /// </summary>
    [Fact(Timeout = Limit)]
    public async Task Claude_Code_in_auto_mode_gets_its_calls_judged()
    {
        using var claude = new ClaudeCode(_target.BaseUrl);
        claude.Environment["ANTHROPIC_AUTH_TOKEN"] = _target.Token;
        var file = Path.Combine(Path.GetDirectoryName(claude.WorkingDirectory)!, "hello.txt");
        var run = await claude.PrintAsync(
            $"Create the file {file} containing \"Hello\".",
            TestContext.Current.CancellationToken,
            "--permission-mode",
            "auto",
            "--model",
            "claude-opus-5-5");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal("Hello\n", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = Limit)]
    public Task The_TypeScript_SDK_creates_streams_counts_and_lists() =>
        ClientCalls.CallWithTypeScriptAsync(_target, TestContext.Current.CancellationToken);

    [Fact(Timeout = Limit)]
    public async Task The_TypeScript_SDK_sees_a_wrong_token_as_an_authentication_error()
    {
        var seen = await TypeScriptSdk.CallAsync(
            _target.BaseUrl, "wrong", "error-401", ClientCalls.Model, TestContext.Current.CancellationToken);
        Assert.Equal("AuthenticationError", seen.GetProperty("class").GetString());
        Assert.Equal("authentication_error", seen.GetProperty("type").GetString());
        Assert.NotEqual("", seen.GetProperty("message").GetString());
    }

    [Fact(Timeout = Limit)]
    public async Task The_TypeScript_SDK_learns_when_to_come_back()
    {
        _target.Expect(RateLimited);
        var seen = await TypeScriptSdk.CallAsync(
            _target.BaseUrl, _target.Token, "rate-limited", ClientCalls.Model, TestContext.Current.CancellationToken);
        Assert.Equal("RateLimitError", seen.GetProperty("class").GetString());
        Assert.Equal("rate_limit_error", seen.GetProperty("type").GetString());
        Assert.Equal("7", seen.GetProperty("retry_after").GetString());
        Assert.StartsWith("req_", seen.GetProperty("request_id").GetString());
    }

    [Fact(Timeout = Limit)]
    public async Task The_TypeScript_SDK_leaves_in_the_middle_of_a_stream()
    {
        _target.Expect(Fault.Silence(after: 1, until: _never.Task));
        var seen = await TypeScriptSdk.CallAsync(
            _target.BaseUrl, _target.Token, "abort", ClientCalls.Model, TestContext.Current.CancellationToken);
        Assert.Equal("message_start", seen.GetProperty("first").GetString());
        await _target.RequestAbortedAsync(TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = Limit)]
    public Task The_CSharp_SDK_creates_streams_counts_and_lists() =>
        ClientCalls.CallWithCSharpAsync(_target, TestContext.Current.CancellationToken);

    [Fact(Timeout = Limit)]
    public async Task The_CSharp_SDK_sees_a_wrong_token_as_unauthorized()
    {
        using var client = ClientCalls.CSharp(_target, "wrong");
        var refusal = await Assert.ThrowsAsync<AnthropicUnauthorizedException>(
            () => client.Messages.Create(ClientCalls.Question, TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.Unauthorized, refusal.StatusCode);
        Assert.Contains("authentication_error", refusal.ResponseBody);
    }

    [Fact(Timeout = Limit)]
    public async Task The_CSharp_SDK_learns_when_to_come_back()
    {
        _target.Expect(RateLimited);
        using var headers = new LastHeaders();
        using var client = ClientCalls.CSharp(_target, _target.Token, headers);
        var refusal = await Assert.ThrowsAsync<AnthropicRateLimitException>(
            () => client.Messages.Create(ClientCalls.Question, TestContext.Current.CancellationToken));
        Assert.StartsWith("req_", refusal.RequestID);
        Assert.Equal(TimeSpan.FromSeconds(7), headers.Seen?.RetryAfter?.Delta); // what the SDK itself waits for when it may retry
    }

    [Fact(Timeout = Limit)]
    public async Task The_CSharp_SDK_leaves_in_the_middle_of_a_stream()
    {
        _target.Expect(Fault.Silence(after: 1, until: _never.Task));
        using var client = ClientCalls.CSharp(_target, _target.Token);
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var streamed in client.Messages.CreateStreaming(ClientCalls.Question, leave.Token))
            {
                Assert.True(streamed.TryPickStart(out _));
                await leave.CancelAsync();
            }
        });
        await _target.RequestAbortedAsync(TestContext.Current.CancellationToken);
    }

    [Theory(Timeout = Limit), InlineData(false), InlineData(true)]
    public async Task The_CSharp_SDK_does_not_take_half_a_stream_for_an_answer(bool fin)
    {
        const int Whole = 6;
        var received = new TaskCompletionSource();
        _target.Expect(
            Fault.Silence(Whole, received.Task), Fault.CutMidEvent(Whole, fin)); // a reset may overtake what was sent just before
        using var client = ClientCalls.CSharp(_target, _target.Token);
        var ended = false;
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await foreach (var streamed in client.Messages.CreateStreaming(ClientCalls.Question, TestContext.Current.CancellationToken))
            {
                ended |= streamed.TryPickStop(out _);
                if (streamed.TryPickContentBlockDelta(out _))
                {
                    received.TrySetResult();
                }
            }
        });
        Assert.True(received.Task.IsCompleted);
        Assert.False(ended);
    }

    private sealed class LastHeaders : DelegatingHandler
    {
        public HttpResponseHeaders? Seen { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            Seen = response.Headers;
            return response;
        }
    }
}
