using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace TraceVault.Cli;

/// <summary>The server's management API. Every failure arrives as a <see cref="CommandFailure"/>.</summary>
internal sealed class ApiClient : IDisposable
{
    /// <summary>The longest answer that is read, in bytes. TraceVault's answers are shorter.</summary>
    private const int MaxAnswerBytes = 1 << 20;

    private const string OAuth = "/proxy/anthropic/oauth/";

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10), AnswerTimeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly ServerUrl _server;

    public ApiClient(ServerUrl server, Secret? token = null)
    {
        _server = server;
        // No redirects: the token would follow them.
        _http = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = SystemProxy.MayServe(server),
            ConnectTimeout = ConnectTimeout,
        })
        {
            BaseAddress = new Uri(server.Origin),
            Timeout = AnswerTimeout,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(UserAgent);
        _http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Reveal());
        }
    }

    /// <summary><c>tracevault-cli/VERSION (OS; ARCHITECTURE)</c>, which the list of sessions shows.</summary>
    public static string UserAgent =>
        $"tracevault-cli/{typeof(ApiClient).Assembly.GetName().Version?.ToString(3)} "
        + $"({(OperatingSystem.IsWindows() ? "Windows" : OperatingSystem.IsMacOS() ? "macOS" : "Linux")}; "
        + $"{RuntimeInformation.OSArchitecture})";

    public async Task<SignInAnswer> SetUpAsync(SetupBody body, CancellationToken cancel)
    {
        using var json = JsonContent.Create(body, CliJson.Default.SetupBody);
        return await AnswerAsync(HttpMethod.Post, "/api/v1/auth/setup", json, CliJson.Default.SignInAnswer, cancel);
    }

    /// <summary>Checks the setup token before anything else is asked for.</summary>
    public async Task CheckSetupAsync(Secret setupToken, CancellationToken cancel)
    {
        using var json = JsonContent.Create(new SetupCheckBody(setupToken), CliJson.Default.SetupCheckBody);
        using var right = await SendAsync(HttpMethod.Post, "/api/v1/auth/setup/check", json, cancel);
    }

    public async Task<SignInAnswer> LogInAsync(LoginBody body, CancellationToken cancel)
    {
        using var json = JsonContent.Create(body, CliJson.Default.LoginBody);
        return await AnswerAsync(HttpMethod.Post, "/api/v1/auth/login", json, CliJson.Default.SignInAnswer, cancel);
    }

    public async Task<DeviceAnswer> BeginDeviceAsync(CancellationToken cancel)
    {
        using var form = Form(("surface", "tracevault_cli"));
        return await AnswerAsync(HttpMethod.Post, OAuth + "device_authorization", form, CliJson.Default.DeviceAnswer, cancel);
    }

    /// <returns>The tokens, or why there are none yet.</returns>
    public async Task<TokenAnswer> PollDeviceAsync(Secret deviceCode, CancellationToken cancel)
    {
        using var form = Form(("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", deviceCode.Reveal()));
        using var response = await SendOnceAsync(HttpMethod.Post, OAuth + "token", form, cancel);
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.BadRequest or HttpStatusCode.TooManyRequests))
        {
            throw await ApiFailure.OfAnswerAsync(_server, response, cancel);
        }

        return await ReadAsync(response, CliJson.Default.TokenAnswer, cancel);
    }

    public async Task WithdrawDeviceAsync(Secret deviceCode, CancellationToken cancel)
    {
        using var form = Form(("token", deviceCode.Reveal()));
        using var done = await SendOnceAsync(HttpMethod.Post, OAuth + "revoke", form, cancel);
    }

    public async Task LogOutAsync(CancellationToken cancel) =>
        (await SendAsync(HttpMethod.Post, "/api/v1/auth/logout", null, cancel)).Dispose();

    public async Task<MeAnswer> MeAsync(CancellationToken cancel) =>
        await AnswerAsync(HttpMethod.Get, "/api/v1/me", null, CliJson.Default.MeAnswer, cancel);

    public async Task<KeyAnswer> KeyAsync(CancellationToken cancel) =>
        await AnswerAsync(HttpMethod.Get, "/api/v1/me/anthropic-key", null, CliJson.Default.KeyAnswer, cancel);

    /// <returns>What is recorded of the caller; null at an older server, which records nothing.</returns>
    public async Task<CaptureAnswer?> CaptureAsync(CancellationToken cancel)
    {
        using var response = await SendOnceAsync(HttpMethod.Get, "/api/v1/me/capture", null, cancel);
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound => null,
            HttpStatusCode.OK when ApiFailure.IsJson(response) => await ReadAsync(response, CliJson.Default.CaptureAnswer, cancel),
            _ => throw await ApiFailure.OfAnswerAsync(_server, response, cancel),
        };
    }

    public async Task SetKeyAsync(KeyBody body, CancellationToken cancel)
    {
        using var json = JsonContent.Create(body, CliJson.Default.KeyBody);
        using var done = await SendAsync(HttpMethod.Put, "/api/v1/me/anthropic-key", json, cancel);
    }

    public async Task RemoveKeyAsync(CancellationToken cancel) =>
        (await SendAsync(HttpMethod.Delete, "/api/v1/me/anthropic-key", null, cancel)).Dispose();

    public void Dispose() => _http.Dispose();

    private async Task<T> AnswerAsync<T>(HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        using var response = await SendAsync(method, path, body, cancel);
        return await ReadAsync(response, type, cancel);
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(type, cancel) ?? throw new JsonException();
        }
        catch (Exception odd) when (ApiFailure.IsOdd(odd))
        {
            throw ApiFailure.NotTraceVault(_server, response);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancel)
    {
        var response = await SendOnceAsync(method, path, body, cancel);
        if (response.StatusCode == HttpStatusCode.NoContent
            || response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created && ApiFailure.IsJson(response))
        {
            return response;
        }

        using (response)
        {
            throw await ApiFailure.OfAnswerAsync(_server, response, cancel);
        }
    }

    /// <returns>Whatever the server answered.</returns>
    private async Task<HttpResponseMessage> SendOnceAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        try
        {
            return await _http.SendAsync(request, cancel);
        }
        catch (HttpRequestException failed)
        {
            throw ApiFailure.OfConnection(_server, failed);
        }
        catch (TaskCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw ApiFailure.TimedOut(_server);
        }
    }

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) =>
        new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
}
