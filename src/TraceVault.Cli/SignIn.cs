namespace TraceVault.Cli;

/// <summary>What every way of signing in shares: asking for the password, and keeping the session.</summary>
internal static class SignIn
{
    private const int Attempts = 3;

    public static async Task<Secret> PasswordAsync(CliConsole console, bool fromInput, CancellationToken cancel) =>
        NotEmpty(IsPiped(console, fromInput)
            ? await Prompt.ReadPipedAsync(console, cancel)
            : Prompt.AskSecret(console, "Password:", "Add --password-stdin and pipe the password in."));

    public static async Task<Secret> NewPasswordAsync(CliConsole console, bool fromInput, CancellationToken cancel)
    {
        if (IsPiped(console, fromInput))
        {
            return await PasswordAsync(console, fromInput, cancel);
        }

        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var first = await PasswordAsync(console, fromInput, cancel);
            if (first.Reveal() == Prompt.AskSecret(console, "Password again:", "").Reveal())
            {
                return first;
            }

            console.Error.WriteLine(console.Error.Style.Yellow("The two differ. Type both again."));
        }

        throw CommandFailure.Failed("passwords_differ", "The two passwords differ. Nothing was created.");
    }

    public static string Email(CliConsole console, string? given)
    {
        var email = given ?? Prompt.Ask(console, "Email:", "Add --email ADDRESS.");
        return email.Contains('@', StringComparison.Ordinal) ? email : throw CommandFailure.Usage("That is not an email address.");
    }

    /// <summary>
    /// Stores the session and ends the one that it replaces; a session that can't be stored is ended. So none is left that nobody holds.
    /// </summary>
    public static async Task KeepAsync(
        CliConsole console, CredentialsFile file, ServerUrl server, SignInAnswer answer, CancellationToken cancel)
    {
        if (!answer.Token.FitsHeader)
        {
            throw ApiFailure.NotTraceVault(server);
        }

        Credentials? replaced;
        try
        {
            replaced = await file.ReplaceAsync(new(server.Origin, answer.Token, answer.User.Email, answer.ExpiresAt));
        }
        catch (CommandFailure)
        {
            await EndAsync(server, answer.Token, cancel);
            throw;
        }

        console.Out.WriteLine(
            console.Out.Style.Green($"Signed in as {answer.User.Email} at {server} until {Text.Time(answer.ExpiresAt)}."));
        if (console.Variable("TRACEVAULT_TOKEN") is not null)
        {
            console.Error.WriteLine(console.Error.Style.Yellow(
                "TRACEVAULT_TOKEN is set and takes precedence over this sign-in. Unset it and TRACEVAULT_SERVER_URL to use this one."));
        }

        if (replaced?.Server.Origin == server.Origin)
        {
            await EndAsync(server, replaced.Token, cancel);
        }
    }

    private static async Task EndAsync(ServerUrl server, Secret token, CancellationToken cancel)
    {
        try
        {
            using var api = new ApiClient(server, token);
            await api.LogOutAsync(cancel);
        }
        catch (CommandFailure)
        {
            // The person needs to know whether the sign-in was stored; a session that was not ended expires by itself.
        }
    }

    /// <summary>Reading standard input on a terminal would show the password: there it is asked for, as without the option.</summary>
    private static bool IsPiped(CliConsole console, bool fromInput) => fromInput && console.Keys is null;

    private static Secret NotEmpty(Secret password) =>
        password.Reveal().Length > 0 ? password : throw CommandFailure.Usage("The password is empty.");
}
