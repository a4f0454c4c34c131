using System.CommandLine;

namespace TraceVault.Cli.Commands;

/// <summary><c>setup</c>: creates the first user of a new server and signs in.</summary>
internal static class SetupCommand
{
    private const string TokenVariable = "TRACEVAULT_SETUP_TOKEN";

    public static Command Create(CliConsole console)
    {
        var server = SharedOptions.Server();
        var email = new Option<string>("--email")
        {
            Description = "Your e-mail address. Without this option you are asked for it.",
            HelpName = "ADDRESS",
        };
        var name = new Option<string>("--name") { Description = "Your name.", HelpName = "NAME" };
        var tokenFile = new Option<FileInfo>("--setup-token-file")
        {
            Description = $"A file that holds the setup token. Without it, {TokenVariable} is read, or you are asked for the token.",
            HelpName = "PATH",
        };
        var fromInput = SharedOptions.PasswordFromInput();
        var command = new ExampleCommand(
            "setup",
            "Create the first user of a new server and sign in. The server prints the setup token at its first start.",
            "tracevault setup --server https://tracevault.example.com",
            "tracevault setup --server http://127.0.0.1:3000 --email ada@example.com --setup-token-file token.txt "
                + "--password-stdin < password.txt")
        {
            server, email, name, tokenFile, fromInput,
        };
        command.SetAction(async (parse, cancel) =>
        {
            var url = ServerUrl.Parse(parse.GetValue(server), SharedOptions.AllowsHttp(parse));
            var file = CredentialsFile.Require(console);
            var token = SetupToken(console, parse.GetValue(tokenFile));
            using var api = new ApiClient(url);
            await api.CheckSetupAsync(token, cancel);
            var address = SignIn.Email(console, parse.GetValue(email));
            var password = await SignIn.NewPasswordAsync(console, parse.GetValue(fromInput), cancel);
            var answer = await api.SetUpAsync(new(token, address, password, parse.GetValue(name)), cancel);
            await SignIn.KeepAsync(console, file, url, answer, cancel);
            console.Out.WriteLine("Next, store your Anthropic key: tracevault key set");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Secret SetupToken(CliConsole console, FileInfo? file)
    {
        var token = file is not null ? new(Read(file))
            : console.Variable(TokenVariable) is { } given ? new(given.Trim())
            : Prompt.AskSecret(
                console,
                "Setup token (the server printed it):",
                $"Put the setup token into {TokenVariable} or a file named by --setup-token-file.");
        return token.Reveal().Length > 0 ? token : throw CommandFailure.Usage("The setup token is empty.");
    }

    private static string Read(FileInfo file)
    {
        try
        {
            return File.ReadAllText(file.FullName).Trim();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // The path is not repeated, nor the system's text, which holds it: it may be the token itself, given where a file was meant.
            throw CommandFailure.Usage(refused is FileNotFoundException or DirectoryNotFoundException
                ? "--setup-token-file names a file that does not exist."
                : "--setup-token-file names a file that can't be read.");
        }
    }
}
