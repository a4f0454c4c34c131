using System.CommandLine;
using System.CommandLine.Parsing;

namespace TraceVault.Cli.Commands;

/// <summary><c>key set</c>: stores the caller's Anthropic key, never from an argument, because process lists show arguments.</summary>
internal static class KeySetCommand
{
    private const int MostConcurrent = 256;

    public static Command Create(CliConsole console)
    {
        var limit = new Option<int?>("--max-concurrent")
        {
            Description = $"How many of your requests may run at once, 1 to {MostConcurrent}. "
                + "To leave the stored key as it is, press Enter when you are asked for one.",
            HelpName = "N",
            CustomParser = Limit,
        };
        var anyway = new Option<bool>("--store-anyway") { Description = "Store the key without asking Anthropic whether it accepts it." };
        var command = new ExampleCommand(
            "set",
            "Store your Anthropic key. It is read from standard input, or you are asked for it without echo. It is tried with Anthropic "
                + "first, which costs nothing.",
            "tracevault key set",
            "tracevault key set < key.txt",
            "tracevault key set --max-concurrent 8 < /dev/null")
        {
            limit,
            anyway,
        };
        command.SetAction((parse, cancel) =>
            RunAsync(console, parse.GetValue(limit), parse.GetValue(anyway), SharedOptions.AllowsHttp(parse), cancel));
        return command;
    }

    private static int? Limit(ArgumentResult result)
    {
        if (int.TryParse(result.Tokens[0].Value, out var limit) && limit is >= 1 and <= MostConcurrent)
        {
            return limit;
        }

        result.AddError($"--max-concurrent takes a number from 1 to {MostConcurrent}.");
        return null;
    }

    private static async Task<int> RunAsync(CliConsole console, int? limit, bool anyway, bool allowHttp, CancellationToken cancel)
    {
        var credentials = Credentials.Require(console, allowHttp);
        var text = console.Keys is null
            ? await Prompt.ReadPipedAsync(console, cancel)
            : Prompt.AskPastedSecret(console, limit is null ? "Anthropic key:" : "Anthropic key (Enter keeps the stored one):", "");
        Secret? key = null;
        if ((limit is null || text.Reveal().Length > 0) && !AnthropicKey.TryParse(text.Reveal(), out key, out var problem))
        {
            throw CommandFailure.Usage(problem);
        }

        using var api = new ApiClient(credentials.Server, credentials.Token);
        if (key is null)
        {
            await api.SetKeyAsync(new(null, limit, null), cancel);
            console.Out.WriteLine(console.Out.Style.Green($"At most {limit} of your requests run at once."));
            return ExitCodes.Done;
        }

        await StoreAsync(api, new(key, limit, anyway), cancel);
        console.Out.WriteLine(console.Out.Style.Green("The key is stored. Try it: tracevault proxy run -- claude"));
        if (!anyway && (await api.KeyAsync(cancel)).WorksSince is null)
        {
            console.Error.WriteLine(console.Error.Style.Yellow(
                "Anthropic could not be asked whether it accepts the key. Check in a while: tracevault proxy doctor"));
        }

        return ExitCodes.Done;
    }

    private static async Task StoreAsync(ApiClient api, KeyBody body, CancellationToken cancel)
    {
        try
        {
            await api.SetKeyAsync(body, cancel);
        }
        catch (CommandFailure refused) when (refused.Code == "key_refused")
        {
            throw CommandFailure.Failed(
                refused.Code,
                $"{refused.Message} Copy it again from console.anthropic.com, Settings, API keys; "
                + "or store it anyway: tracevault key set --store-anyway");
        }
    }
}
