using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using TraceVault.Cli.Commands;

namespace TraceVault.Cli;

/// <summary>The tree of commands, and the one place where a failure becomes text and an exit code.</summary>
internal static class TraceVaultCommand
{
    /// <returns>The exit code: one of <see cref="ExitCodes"/>, or that of the command that <c>proxy run</c> ran.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, CliConsole console)
    {
        var parse = Create(console).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parse.Action is ParseErrorAction)
        {
            return UsageErrors.Write(parse, args, console);
        }

        try
        {
            return await parse.InvokeAsync(new InvocationConfiguration
            {
                Output = console.Out.Unfiltered,
                Error = console.Error.Unfiltered,
                EnableDefaultExceptionHandler = false,
            });
        }
        catch (CommandFailure failure)
        {
            return failure.Write(console, UsageErrors.AsksForJson(args));
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
        catch (IOException failed)
        {
            // A full disk or a broken file: the system's own message holds no secret.
            return CommandFailure.Failed("io", failed.Message).Write(console, UsageErrors.AsksForJson(args));
        }
    }

    private static RootCommand Create(CliConsole console)
    {
        var root = new RootCommand("The command line of TraceVault, a self-hosted proxy for Anthropic's API.")
        {
            SetupCommand.Create(console),
            LoginCommand.Create(console),
            LogoutCommand.Create(console),
            StatusCommand.Create(console),
            new ExampleCommand("key", "The Anthropic key that the proxy uses for you.", "tracevault key set", "tracevault key status")
            {
                KeySetCommand.Create(console),
                KeyStatusCommand.Create(console),
                KeyRemoveCommand.Create(console),
            },
            new ExampleCommand("proxy", "Point tools at the proxy.", "tracevault proxy run -- claude", "eval \"$(tracevault proxy env)\"")
            {
                ProxyInfoCommand.Create(console),
                ProxyEnvCommand.Create(console),
                ProxyTokenCommand.Create(console),
                ProxyRunCommand.Create(console),
                ProxyDoctorCommand.Create(console),
            },
        };
        root.Options.Add(SharedOptions.AllowHttp());
        root.Options.OfType<HelpOption>().Single().Action = new HelpWithExamples();
        foreach (var group in root.Subcommands.Where(command => command.Subcommands.Count > 0).Append(root))
        {
            group.SetAction(HelpWithExamples.ShowForGroup);
        }

        return root;
    }
}
