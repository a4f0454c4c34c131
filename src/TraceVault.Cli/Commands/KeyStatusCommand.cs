using System.CommandLine;

namespace TraceVault.Cli.Commands;

/// <summary><c>key status</c>: what the server says about the stored key, but never the key itself.</summary>
internal static class KeyStatusCommand
{
    public static Command Create(CliConsole console)
    {
        var json = SharedOptions.Json();
        var command = new ExampleCommand(
            "status",
            "Show whether a key is stored and when it was last used. Nobody is shown the key.",
            "tracevault key status",
            "tracevault key status --json")
        {
            json,
        };
        command.SetAction(async (parse, cancel) =>
        {
            var credentials = Credentials.Require(console, SharedOptions.AllowsHttp(parse));
            using var api = new ApiClient(credentials.Server, credentials.Token);
            var key = await api.KeyAsync(cancel);
            if (parse.GetValue(json))
            {
                console.Out.WriteJson(key, CliJson.Printed.KeyAnswer);
            }
            else
            {
                Describe(console.Out, key);
            }

            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Writes one line about the key.</summary>
    public static void Describe(Printer output, KeyAnswer key)
    {
        var state = !key.Configured ? output.Style.Yellow("none. Store one: tracevault key set")
            : key.Readable is false ? output.Style.Red("stored, but the server can't open it. Store it again: tracevault key set")
            : key.RefusedAt is { } refused ? output.Style.Red(
                $"refused by Anthropic since {Text.Time(refused)}. "
                + "Make another at console.anthropic.com, Settings, API keys, and store it: tracevault key set")
            : output.Style.Green("stored");
        output.WriteLine($"Anthropic key  {state}{(key is { Configured: true, Readable: not false, RefusedAt: null } ? Use(key) : "")}");
    }

    private static string Use(KeyAnswer key)
    {
        var since = key.ConfiguredAt is { } stored ? $" since {Text.Time(stored)}" : "";
        var used = key.LastUsedAt is { } last ? $", last used {Text.Time(last)}" : ", not used yet";
        var limit = key.MaxConcurrent is { } most ? $", at most {most} requests at once" : "";
        var works = key.WorksSince is { } worked ? $", working since {Text.Time(worked)}" : "";
        return since + works + used + limit;
    }
}
