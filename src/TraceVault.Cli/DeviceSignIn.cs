namespace TraceVault.Cli;

/// <summary>Signs in by a code that a person approves in a browser, here or anywhere (RFC 8628).</summary>
internal static class DeviceSignIn
{
    /// <summary>What "slow_down", and an answer that did not come, add to the time between two questions (RFC 8628 §3.5).</summary>
    private static readonly TimeSpan Slower = TimeSpan.FromSeconds(5);

    /// <summary>How long Ctrl-C may take: the program is ended two seconds after it.</summary>
    private static readonly TimeSpan WithdrawLimit = TimeSpan.FromSeconds(1.5);

    /// <summary>Seconds; whatever a server says stays within.</summary>
    private const int ShortestInterval = 1, LongestInterval = 60, LongestLife = 3600;

    public static async Task<SignInAnswer> RunAsync(CliConsole console, ServerUrl server, bool openBrowser, CancellationToken cancel)
    {
        using var api = new ApiClient(server);
        var device = await api.BeginDeviceAsync(cancel);
        try
        {
            Show(console, device, openBrowser);
            return await WaitAsync(console, server, api, device, cancel);
        }
        catch (OperationCanceledException)
        {
            await WithdrawAsync(api, device);
            throw;
        }
    }

    private static void Show(CliConsole console, DeviceAnswer device, bool openBrowser)
    {
        var complete = device.VerificationUriComplete ?? device.VerificationUri;
        console.Error.WriteLine($"Open {console.Error.Style.Bold(complete)}");
        console.Error.WriteLine($"and approve the code {console.Error.Style.Bold(device.UserCode)}.");
        if (openBrowser && console.OpenBrowser is { } open && Uri.TryCreate(complete, UriKind.Absolute, out var url) && url.Scheme is "https" or "http")
        {
            open(url);
        }
    }

    private static async Task<SignInAnswer> WaitAsync(CliConsole console, ServerUrl server, ApiClient api, DeviceAnswer device, CancellationToken cancel)
    {
        var end = console.Clock.GetUtcNow() + TimeSpan.FromSeconds(Math.Clamp(device.ExpiresIn, 0, LongestLife));
        var interval = TimeSpan.FromSeconds(Math.Clamp(device.Interval ?? 5, ShortestInterval, LongestInterval));
        while (console.Clock.GetUtcNow() < end)
        {
            await Spinner.WaitAsync(console, "Waiting for the approval. Ctrl-C gives up.", interval, cancel);
            var answer = await PollAsync(api, device, cancel);
            if (answer is { Error: null, AccessToken: { } token })
            {
                return await UseAsync(server, token, cancel);
            }

            if (answer.Error is "access_denied")
            {
                throw CommandFailure.Failed("refused", "The sign-in was refused. Nothing was stored.");
            }

            if (answer.Error is not ("authorization_pending" or "slow_down"))
            {
                break;
            }

            if (answer.Error is "slow_down")
            {
                interval += Slower;
            }
        }

        throw CommandFailure.Failed("expired", "The sign-in was not approved in time. Run the command again for a new code.");
    }

    /// <summary>Asks who was signed in. It is also the first use: the server ends a session that nobody uses within minutes.</summary>
    private static async Task<SignInAnswer> UseAsync(ServerUrl server, Secret token, CancellationToken cancel)
    {
        if (!token.FitsHeader)
        {
            throw ApiFailure.NotTraceVault(server);
        }

        using var api = new ApiClient(server, token);
        var me = await api.MeAsync(cancel);
        return new(token, me.Session.ExpiresAt, new(me.Email));
    }

    /// <summary>A server that is away for a moment is asked again, less often.</summary>
    private static async Task<TokenAnswer> PollAsync(ApiClient api, DeviceAnswer device, CancellationToken cancel)
    {
        try
        {
            return await api.PollDeviceAsync(device.DeviceCode, cancel);
        }
        catch (CommandFailure away) when (away.Code is "unreachable" or "server_error")
        {
            return new TokenAnswer(Error: "slow_down");
        }
    }

    /// <summary>Nobody can approve the code any more, and what was approved at this very moment ends.</summary>
    private static async Task WithdrawAsync(ApiClient api, DeviceAnswer device)
    {
        using var limit = new CancellationTokenSource(WithdrawLimit);
        try
        {
            await api.WithdrawDeviceAsync(device.DeviceCode, limit.Token);
        }
        catch (Exception unheard) when (unheard is CommandFailure or OperationCanceledException)
        {
            // The code ends by itself within minutes.
        }
    }
}
