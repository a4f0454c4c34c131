using System.CommandLine;

namespace TraceVault.Cli.Commands;

/// <summary><c>login</c>: signs in with email and password.</summary>
internal static class LoginCommand
{
    public static Command Create(CliConsole console)
    {
        var server = SharedOptions.Server();
        var email = new Option<string>("--email") { Description = "Your address; asked for when absent.", HelpName = "ADDRESS" };
        var fromInput = SharedOptions.PasswordFromInput();
        var command = new ExampleCommand(
            "login",
            "Sign in on this machine.",
            "tracevault login --server https://tracevault.example.com --email ada@example.com",
            "tracevault login --server https://tracevault.example.com --email ada@example.com --password-stdin < password.txt")
        {
            server, email, fromInput,
        };
        command.SetAction(async (parse, cancel) =>
        {
            var url = ServerUrl.Parse(parse.GetValue(server), SharedOptions.AllowsHttp(parse));
            var file = CredentialsFile.Require(console);
            var answer = await WithPasswordAsync(console, url, parse.GetValue(email), parse.GetValue(fromInput), cancel);
            await SignIn.KeepAsync(console, file, url, answer, cancel);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<SignInAnswer> WithPasswordAsync(
        CliConsole console, ServerUrl server, string? email, bool fromInput, CancellationToken cancel)
    {
        var address = SignIn.Email(console, email);
        var password = await SignIn.PasswordAsync(console, fromInput, cancel);
        using var api = new ApiClient(server);
        return await api.LogInAsync(new(address, password), cancel);
    }
}
