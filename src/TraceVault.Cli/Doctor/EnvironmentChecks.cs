namespace TraceVault.Cli.Doctor;

/// <summary>What in the caller's environment would make a client bypass the gateway, or be refused by it.</summary>
internal static class EnvironmentChecks
{
    private const string Start = "Start tools with: tracevault proxy run -- COMMAND";

    public static IEnumerable<Check> Of(Gateway gateway, CliConsole console) =>
    [
        new("env-base-url", _ => Task.FromResult(BaseUrl(gateway, console.Variable(Shells.BaseUrl)))),
        new(
            "env-credentials",
            _ => Task.FromResult(Credentials(gateway, console.Variable(Shells.AuthToken), console.Variable(Shells.ApiKey)))),
        new(
            "env-providers",
            _ => Task.FromResult(Providers([.. ClientEnvironment.OtherProviders.Where(name => console.Variable(name) is not null)]))),
    ];

    private static Finding BaseUrl(Gateway gateway, string? value)
    {
        var url = value?.Trim().TrimEnd('/');
        if (url is null)
        {
            return Finding.Ok($"{Shells.BaseUrl} is not set{(gateway.IsTraceVault ? "; tracevault proxy run sets it" : "")}.");
        }

        if (url.Equals(gateway.Base, StringComparison.OrdinalIgnoreCase))
        {
            return Finding.Ok($"{Shells.BaseUrl} names this gateway.");
        }

        if (url.Equals(gateway.Base + "/v1", StringComparison.OrdinalIgnoreCase))
        {
            return Finding.Warn(
                $"{Shells.BaseUrl} ends in /v1, which clients add themselves; only opencode wants it.", $"Set it to {gateway.Base}.");
        }
        // Without the user information, which may hold a password.
        var origin = Uri.TryCreate(url, UriKind.Absolute, out var uri)
            ? uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)
            : "not a URL";
        return Finding.Warn(
            $"{Shells.BaseUrl} names another address ({origin}): clients started here bypass this gateway.",
            gateway.IsTraceVault ? Start : $"Set it to {gateway.Base}.");
    }

    private static Finding Credentials(Gateway gateway, string? token, string? key)
    {
        var expected = gateway.Credential?.Reveal();
        if (token is not null && key is not null && token != key)
        {
            return Finding.Warn(
                $"{Shells.AuthToken} and {Shells.ApiKey} are both set and differ; clients send both.", $"Unset {Shells.ApiKey}.");
        }

        if (gateway.IsTraceVault && token is null && key is not null && key != expected)
        {
            return Finding.Warn($"{Shells.ApiKey} is set: clients send it in place of your token.", Start);
        }

        return gateway.IsTraceVault && token is not null && token != expected
            ? Finding.Warn($"{Shells.AuthToken} holds a token other than that of this sign-in.", Start)
            : Finding.Ok("No two credentials differ.");
    }

    private static Finding Providers(string[] set) => set.Length == 0
        ? Finding.Ok("Nothing sends Claude Code to another cloud.")
        : Finding.Warn(
            $"Claude Code uses another cloud while {string.Join(" or ", set)} is set.",
            $"Unset {string.Join(" and ", set)}, as tracevault proxy run does.");
}
