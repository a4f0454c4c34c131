using System.CommandLine;

namespace TraceVault.Cli.Commands;

/// <summary><c>login</c>: signs in through a browser, or with email and password.</summary>
internal static class LoginCommand
{
    public static Command Create(CliConsole console)
    {
        var server = SharedOptions.Server(elsewise: "the one where you last signed in");
        var email = new Option<string>("--email")
        {
            Description = "Your e-mail address: sign in with it and your password, without a browser.",
            HelpName = "ADDRESS",
        };
        var fromInput = SharedOptions.PasswordFromInput();
        var noBrowser = new Option<bool>("--no-browser") { Description = "Only print the link; do not open a browser." };
        var command = new ExampleCommand(
            "login",
            "Sign in on this machine: approve the code that it prints, in a browser here or on any other machine.",
            "tracevault login --server https://tracevault.example.com",
            "tracevault login",
            "tracevault login --server https://tracevault.example.com --email ada@example.com --password-stdin < password.txt")
        {
            server, email, fromInput, noBrowser,
        };
        command.SetAction(async (parse, cancel) =>
        {
            var file = CredentialsFile.Require(console);
            var url = ServerUrl.Parse(parse.GetValue(server) ?? Remembered(console, file), SharedOptions.AllowsHttp(parse));
            var answer = parse.GetValue(email) is not null || parse.GetValue(fromInput)
                ? await WithPasswordAsync(console, url, parse.GetValue(email), parse.GetValue(fromInput), cancel)
                : await DeviceSignIn.RunAsync(console, url, !parse.GetValue(noBrowser), cancel);
            await SignIn.KeepAsync(console, file, url, answer, cancel);
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Remembered(CliConsole console, CredentialsFile file)
    {
        var url = file.LastServer() ?? throw CommandFailure.Usage(
            "Option '--server' is required: nobody has signed in here before. Run: tracevault login --server URL");
        console.Error.WriteLine($"Signing in at {url}.");
        return url;
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
