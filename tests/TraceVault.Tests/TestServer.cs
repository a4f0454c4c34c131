using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace TraceVault.Tests;

/// <summary>The real server in this process, on a free loopback port, with everything it logs kept in <see cref="Log"/>.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const string SetupToken = "setup-token-of-the-tests";
    public const string Email = "owner@example.com", Password = "four random words";
    public const string AnthropicKey = "sk-ant-api03-canary-4f1d2a9be07c-not-a-real-key";

    /// <summary>A master key for tests alone.</summary>
    public const string MasterKey = "q7o2Wq3J6x0k1mYQe5s8dVn4b9hTfLrUzC2pXgA6iEw=";

    private readonly WebApplication _app;
    private readonly TestDatabase? _ownDatabase;

    private TestServer(WebApplication app, TestDatabase? ownDatabase, CapturedLog log)
    {
        (_app, _ownDatabase, Log) = (app, ownDatabase, log);
        Url = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        Client = new HttpClient { BaseAddress = Url };
    }

    public Uri Url { get; }

    /// <summary>What a client is given as its base URL.</summary>
    public Uri ProxyUrl => new(Url, "/proxy/anthropic");

    public HttpClient Client { get; }

    public CapturedLog Log { get; }

    public IServiceProvider Services => _app.Services;

    /// <param name="database">Null: a SQLite database of the server's own.</param>
    /// <param name="upstream">Null: nobody listens there.</param>
    /// <param name="clock">Null: the system's.</param>
    /// <param name="passwordIterations">A hundredth of what a real server takes, where a test does not look at it: most of the tests' time would go there.</param>
    /// <param name="settings">Further settings, as <c>--Name=value</c>; they win.</param>
    public static async Task<TestServer> StartAsync(TestDatabase? database = null, Uri? upstream = null, TimeProvider? clock = null, int passwordIterations = 2_000, params string[] settings)
    {
        var own = database is null ? await TestDatabase.CreateAsync("sqlite") : null;
        database ??= own!;
        var log = new CapturedLog();
        string[] args =
        [
            "--Urls=http://127.0.0.1:0",
            $"--DataDir={database.DataDirectory}",
            $"--Database={database.Setting}",
            $"--SetupToken={SetupToken}",
            $"--AnthropicUrl={upstream ?? new Uri("http://127.0.0.1:1")}",
            "--LogLevel=Trace",
            .. settings.Any(setting => setting.StartsWith("--EncryptionKey", StringComparison.Ordinal)) ? [] : (string[])[$"--EncryptionKey={MasterKey}"],
            .. settings,
        ];
        var app = Program.Build(args, services =>
        {
            services.RemoveAll<ILoggerProvider>();
            services.AddSingleton<ILoggerProvider>(log);
            services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = passwordIterations);
            if (clock is not null)
            {
                services.Replace(ServiceDescriptor.Singleton(clock));
            }
        });
        try
        {
            await app.StartServerAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new TestServer(app, own, log);
    }

    /// <summary>Creates the first user.</summary>
    /// <returns>The session token.</returns>
    public async Task<string> SetUpAsync()
    {
        using var answer = await Client.PostAsJsonAsync("/api/v1/auth/setup", new { setup_token = SetupToken, email = Email, password = Password });
        return await TokenOfAsync(answer);
    }

    public async Task<string> LogInAsync()
    {
        using var answer = await Client.PostAsJsonAsync("/api/v1/auth/login", new { email = Email, password = Password });
        return await TokenOfAsync(answer);
    }

    /// <summary>Creates the first user and stores a key for them.</summary>
    /// <returns>The session token.</returns>
    public async Task<string> SetUpWithKeyAsync(string key = AnthropicKey, int? maxConcurrent = null)
    {
        var token = await SetUpAsync();
        await StoreKeyAsync(token, key, maxConcurrent);
        return token;
    }

    public async Task StoreKeyAsync(string token, string key = AnthropicKey, int? maxConcurrent = null)
    {
        using var answer = await ApiAsync(HttpMethod.Put, "/api/v1/me/anthropic-key", token, maxConcurrent is null ? new { key } : new { key, max_concurrent = maxConcurrent });
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Calls the management API with a token.</summary>
    public async Task<HttpResponseMessage> ApiAsync(HttpMethod method, string path, string token, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new("Bearer", token);
        request.Content = body is null ? null : JsonContent.Create(body);
        return await Client.SendAsync(request);
    }

    public async Task<JsonElement> ApiJsonAsync(HttpMethod method, string path, string token)
    {
        using var answer = await ApiAsync(method, path, token);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>A request to the proxy with the token as <c>x-api-key</c>.</summary>
    public HttpRequestMessage ProxyRequest(string token, string path = "/v1/messages", HttpContent? body = null)
    {
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, new Uri(Url, "/proxy/anthropic" + path)) { Content = body };
        request.Headers.Add("x-api-key", token);
        request.Headers.Add("anthropic-version", "2023-06-01");
        return request;
    }

    /// <summary>Stops as on SIGTERM, and lets go of the database.</summary>
    public async Task StopAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        if (_ownDatabase is not null)
        {
            await _ownDatabase.DisposeAsync();
        }
    }

    private static async Task<string> TokenOfAsync(HttpResponseMessage answer)
    {
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }
}
