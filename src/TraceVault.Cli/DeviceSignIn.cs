namespace TraceVault.Cli;

/// <summary>Signs in with a code that a person approves in a browser on this or any other machine (RFC 8628).</summary>
internal static class DeviceSignIn
{
    /// <summary>Added to the polling interval after "slow_down", and after a request that failed (RFC 8628 §3.5).</summary>
    private static readonly TimeSpan Slower = TimeSpan.FromSeconds(5);

    /// <summary>How long the withdrawal after Ctrl-C may take: two seconds after Ctrl-C the program is ended.</summary>
    private static readonly TimeSpan WithdrawLimit = TimeSpan.FromSeconds(1.5);

    /// <summary>Bounds for what a server asks for, in seconds.</summary>
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
        if (device.LoginNotice is { } notice)
        {
            console.Error.WriteLine($"{notice}");
        }

        if (openBrowser && console.OpenBrowser is { } open
            && Uri.TryCreate(complete, UriKind.Absolute, out var url) && url.Scheme is "https" or "http")
        {
            open(url);
        }
    }

    private static async Task<SignInAnswer> WaitAsync(
        CliConsole console, ServerUrl server, ApiClient api, DeviceAnswer device, CancellationToken cancel)
    {
        var end = console.Clock.GetUtcNow() + TimeSpan.FromSeconds(Math.Clamp(device.ExpiresIn, 0, LongestLife));
        var interval = TimeSpan.FromSeconds(Math.Clamp(device.Interval ?? 5, ShortestInterval, LongestInterval));
        while (console.Clock.GetUtcNow() < end)
        {
            await Spinner.WaitAsync(console, "Waiting for approval. Press Ctrl-C to give up.", interval, cancel);
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

    /// <summary>Asks who was signed in. This is also the first use, without which the server ends the session within minutes.</summary>
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

    /// <summary>A server that is unavailable for a moment is asked again, less often.</summary>
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

    /// <summary>Withdraws the code: nobody can approve it any more, and a session that was approved just now ends.</summary>
    private static async Task WithdrawAsync(ApiClient api, DeviceAnswer device)
    {
        using var limit = new CancellationTokenSource(WithdrawLimit);
        try
        {
            await api.WithdrawDeviceAsync(device.DeviceCode, limit.Token);
        }
        catch (Exception unheard) when (unheard is CommandFailure or OperationCanceledException)
        {
            // The code expires by itself within minutes.
        }
    }
}
