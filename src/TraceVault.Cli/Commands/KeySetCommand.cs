using System.CommandLine;
using System.CommandLine.Parsing;

namespace TraceVault.Cli.Commands;

/// <summary><c>key set</c>: stores the caller's Anthropic key; never from an argument, which process lists show.</summary>
internal static class KeySetCommand
{
    private const int MostConcurrent = 256;

    public static Command Create(CliConsole console)
    {
        var limit = new Option<int?>("--max-concurrent")
        {
            Description = $"How many of your requests may run at once, 1 to {MostConcurrent}. Alone it leaves the stored key as it is: press Enter at the question.",
            HelpName = "N",
            CustomParser = Limit,
        };
        var command = new ExampleCommand(
            "set",
            "Store your Anthropic key. It is asked for without echo, or read from standard input.",
            "tracevault key set",
            "tracevault key set < key.txt",
            "tracevault key set --max-concurrent 8 < /dev/null")
        {
            limit,
        };
        command.SetAction((parse, cancel) => RunAsync(console, parse.GetValue(limit), SharedOptions.AllowsHttp(parse), cancel));
        return command;
    }

    private static int? Limit(ArgumentResult result)
    {
        if (int.TryParse(result.Tokens[0].Value, out var limit) && limit is >= 1 and <= MostConcurrent)
            return limit;
        result.AddError($"--max-concurrent takes a number from 1 to {MostConcurrent}.");
        return null;
    }

    private static async Task<int> RunAsync(CliConsole console, int? limit, bool allowHttp, CancellationToken cancel)
    {
        var credentials = Credentials.Require(console, allowHttp);
        var text = console.Keys is null
            ? await Prompt.ReadPipedAsync(console, cancel)
            : Prompt.AskPastedSecret(console, limit is null ? "Anthropic key:" : "Anthropic key (Enter keeps the stored one):", "");
        Secret? key = null;
        if ((limit is null || text.Reveal().Length > 0) && !AnthropicKey.TryParse(text.Reveal(), out key, out var problem))
            throw CommandFailure.Usage(problem);

        using var api = new ApiClient(credentials.Server, credentials.Token);
        await api.SetKeyAsync(new(key, limit), cancel);
        console.Out.WriteLine(console.OutStyle.Green(key is null ? $"At most {limit} of your requests run at once." : "The key is stored. Try it: tracevault proxy run -- claude"));
        return ExitCodes.Done;
    }
}
