using System.Net;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Gateway;
using TraceVault.Keys;
using TraceVault.Providers.Anthropic;
using TraceVault.Storage;

namespace TraceVault.Bench;

/// <summary>What a warm request costs us beside the copying of its bytes, and an error in place of an answer.</summary>
public class Pieces
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("tracevault-pieces-");
    private readonly HttpRequest _request = ClaudeCodeRequest();
    private readonly HttpResponseMessage _response = AnthropicResponse();
    private readonly Uri _address = new("http://127.0.0.1/v1/messages");
    private WebApplication? _app;
    private KeyVault? _vault;
    private Callers? _callers;
    private CallerSnapshot? _caller;
    private ProviderKey? _key;
    private AnthropicProvider? _provider;
    private Upstream? _upstream;
    private Exchange? _answered, _refused;
    private string _token = "";
    private PresentedToken _presented;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        Environment.SetEnvironmentVariable("TRACEVAULT_DATA_DIR", _data.FullName);
        _app = await Seeding.PrepareAsync();
        _ = ProviderKey.TryParse("sk-ant-api03-" + new string('A', 95), AnthropicKeyRule.Problem, out _key, out _);
        _token = (await Seeding.AddAsync(_app, 1, _key!)).Single();
        _ = AccessToken.TryRead(_token, out _presented);
        _provider = _app.Services.GetRequiredService<AnthropicProvider>();
        _vault = _app.Services.GetRequiredService<KeyVault>();
        var services = _app.Services;
        _upstream = services.GetRequiredService<Upstreams>().Routes[0].Upstream;
        var clock = new SlowClock();
        var copies = new CallerCopies(
            services.GetRequiredService<Database>(), services.GetRequiredService<Outage>(), services.GetRequiredService<Upstreams>(), clock,
            NullLogger<CallerCopies>.Instance);
        _callers = new Callers(copies, services.GetRequiredService<ChangeFeed>(), services.GetRequiredService<ProxyOptions>(), clock);
        _caller = (await _callers.FindAsync(_presented, CancellationToken.None)).Caller;
        (_answered, _refused) = (new Exchange(new DefaultHttpContext(), _provider!, TimeProvider.System),
            new Exchange(new DefaultHttpContext(), _provider!, TimeProvider.System));
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        _callers!.Dispose();
        await _app!.DisposeAsync();
        _data.Delete(recursive: true);
    }

    [Benchmark]
    public bool ReadToken() => AccessToken.TryRead(_token, out _);

    [Benchmark]
    public bool FindCaller()
    {
        var found = _callers!.FindAsync(_presented, CancellationToken.None);
        return found.IsCompletedSuccessfully; // warm, it always is
    }

    /// <summary>Beside <see cref="MakeGuid"/>, which it saves.</summary>
    [Benchmark]
    public string MakeRequestId() => RequestIds.Create(DateTimeOffset.UnixEpoch);

    [Benchmark]
    public string MakeGuid() => Guid.CreateVersion7(DateTimeOffset.UnixEpoch).ToString();

    /// <summary>Of the target that came last, as nearly always; beside <see cref="ParseAddress"/>, which that saves.</summary>
    [Benchmark]
    public Uri FindAddress() => _upstream!.AddressOf("/v1/messages?beta=true");

    [Benchmark]
    public Uri ParseAddress() => new("http://127.0.0.1/v1/messages?beta=true");

    [Benchmark]
    public bool OpenKey() => _vault!.Open(_caller!.Keys[0]) is not null;

    /// <summary>Into a new message, as for each request.</summary>
    [Benchmark]
    public object WriteRequestHeaders()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ReadOnlyMemoryContent(default) };
        GatewayHeaders.WriteRequest(_request, null, request, _provider!, _key!);
        return request;
    }

    [Benchmark]
    public void WriteResponseHeaders() => GatewayHeaders.WriteResponse(_response, _answered!);

    [Benchmark]
    public Task WriteError() => GatewayError.InvalidToken(_provider!).WriteAsync(_refused!);

    private static HttpRequest ClaudeCodeRequest()
    {
        var request = new DefaultHttpContext().Request;
        foreach (var (name, value) in new HeaderDictionary
        {
            ["Host"] = "127.0.0.1:3000",
            ["Connection"] = "keep-alive",
            ["Accept"] = "application/json",
            ["Content-Type"] = "application/json",
            ["Content-Length"] = "2048",
            ["User-Agent"] = "claude-cli/2.1.330 (external, cli)",
            ["Authorization"] = "Bearer " + new string('t', 53),
            ["X-Stainless-Lang"] = "js",
            ["X-Stainless-Package-Version"] = "0.74.0",
            ["X-Stainless-OS"] = "Linux",
            ["X-Stainless-Arch"] = "x64",
            ["X-Stainless-Runtime"] = "node",
            ["X-Stainless-Runtime-Version"] = "v24.3.0",
            ["X-Stainless-Retry-Count"] = "0",
            ["X-Stainless-Timeout"] = "600",
            ["anthropic-dangerous-direct-browser-access"] = "true",
            ["anthropic-version"] = "2023-06-01",
            ["anthropic-beta"] = "claude-code-20250219,interleaved-thinking-2025-05-14",
            ["x-app"] = "cli",
            ["Accept-Encoding"] = "gzip, deflate, br, zstd",
        })
        {
            request.Headers[name] = value;
        }

        return request;
    }

    private static HttpResponseMessage AnthropicResponse()
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ReadOnlyMemoryContent(default) };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["date"] = "Thu, 26 Nov 2026 04:00:00 GMT",
            ["request-id"] = "req_011CVgxP4Q1mJvTq8XhY6Zab",
            ["anthropic-organization-id"] = "00000000-0000-4000-8000-000000000000",
            ["anthropic-ratelimit-requests-limit"] = "4000",
            ["anthropic-ratelimit-requests-remaining"] = "3999",
            ["anthropic-ratelimit-requests-reset"] = "2026-11-26T04:00:00Z",
            ["anthropic-ratelimit-tokens-limit"] = "2400000",
            ["anthropic-ratelimit-tokens-remaining"] = "2399000",
            ["anthropic-ratelimit-tokens-reset"] = "2026-11-26T04:00:00Z",
            ["strict-transport-security"] = "max-age=31536000; includeSubDomains; preload",
            ["via"] = "1.1 google",
            ["server"] = "cloudflare",
            ["cf-ray"] = "9a4b0c0d0e0f0a0b-FRA",
        })
        {
            response.Headers.TryAddWithoutValidation(name, value);
        }

        response.Content.Headers.TryAddWithoutValidation("content-type", "text/event-stream; charset=utf-8");
        response.Content.Headers.TryAddWithoutValidation("cache-control", "no-cache");
        return response;
    }

    /// <summary>Costs what the system's costs, and is slow enough that nothing ages while it is measured.</summary>
    private sealed class SlowClock : TimeProvider
    {
        public override long GetTimestamp() => base.GetTimestamp() / 1000;
    }
}
