using System.CommandLine;
using System.Text.Json;

namespace TraceVault.Cli.Commands;

/// <summary><c>key status</c>: what the server tells of the stored key, which is never the key.</summary>
internal static class KeyStatusCommand
{
    public static Command Create(CliConsole console)
    {
        var json = SharedOptions.Json();
        var command = new ExampleCommand(
            "status", "Show whether a key is stored and when it was last used. Nobody is shown the key.", "tracevault key status", "tracevault key status --json")
        {
            json,
        };
        command.SetAction(async (parse, cancel) =>
        {
            var credentials = Credentials.Require(console, SharedOptions.AllowsHttp(parse));
            using var api = new ApiClient(credentials.Server, credentials.Token);
            var key = await api.KeyAsync(cancel);
            console.Out.WriteLine(parse.GetValue(json) ? JsonSerializer.Serialize(key, CliJson.Printed.KeyAnswer) : "Anthropic key  " + Describe(console, key));
            return ExitCodes.Done;
        });
        return command;
    }

    public static string Describe(CliConsole console, KeyAnswer key)
    {
        if (!key.Configured)
            return console.OutStyle.Yellow("none. Store one: tracevault key set");
        if (key.Readable is false)
            return console.OutStyle.Red("stored, but the server can't open it. Store it again: tracevault key set");
        if (key.RefusedAt is { } refused)
            return console.OutStyle.Red($"refused by Anthropic since {Text.Time(refused)}. Make another at console.anthropic.com, Settings, API keys, and store it: tracevault key set");
        var since = key.ConfiguredAt is { } stored ? $" since {Text.Time(stored)}" : "";
        var used = key.LastUsedAt is { } last ? $", last used {Text.Time(last)}" : ", not used yet";
        var limit = key.MaxConcurrent is { } most ? $", at most {most} requests at once" : "";
        var works = key.WorksSince is { } worked ? $", works since {Text.Time(worked)}" : "";
        return console.OutStyle.Green("stored") + since + works + used + limit;
    }
}
