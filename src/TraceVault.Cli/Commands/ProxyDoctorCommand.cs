using System.CommandLine;
using TraceVault.Cli.Doctor;

namespace TraceVault.Cli.Commands;

/// <summary><c>proxy doctor</c>: examines the server, the sign-in and the proxy's behaviour, or that of another gateway.</summary>
internal static class ProxyDoctorCommand
{
    public static Command Create(CliConsole console)
    {
        var url = new Option<string>("--url")
        {
            Description = $"Examine this gateway instead of your server, with the credential in {Shells.AuthToken} or {Shells.ApiKey}. "
                + "A base URL, such as https://gateway.example.com.",
            HelpName = "URL",
        };
        var stream = new Option<bool>("--stream")
        {
            Description = $"Also stream a short message, which costs a fraction of a cent. {StreamCheck.ModelVariable} names the model.",
        };
        var json = SharedOptions.Json();
        var command = new ExampleCommand(
            "doctor",
            "Check the server, your sign-in, your key and the proxy, and say what to do. Exit code 1 if a check fails.",
            "tracevault proxy doctor",
            "tracevault proxy doctor --stream",
            "tracevault proxy doctor --url https://gateway.example.com")
        {
            url,
            stream,
            json,
        };
        command.SetAction(async (parse, cancel) =>
        {
            var allowHttp = SharedOptions.AllowsHttp(parse);
            using var gateway = parse.GetValue(url) is { } other
                ? Gateway.OfUrl(other, console, allowHttp)
                : Gateway.OfSignIn(Credentials.Require(console, allowHttp));
            var report = new Report(console, parse.GetValue(json), Secrets(console, gateway));
            return await RunAsync(console, gateway, parse.GetValue(stream), report, cancel);
        });
        return command;
    }

    private static async Task<int> RunAsync(CliConsole console, Gateway gateway, bool stream, Report report, CancellationToken cancel)
    {
        IEnumerable<Check> checks =
        [
            .. ConnectionChecks.Of(gateway, console),
            .. AccountChecks.Of(gateway),
            .. ProbeChecks.Of(gateway),
            .. TokenChecks.Of(gateway),
            PathCheck.Of(gateway),
            BodyLimitCheck.Of(gateway),
            .. UpstreamChecks.Of(gateway),
            StreamCheck.Of(gateway, console.Clock, console.Variable(StreamCheck.ModelVariable), stream),
            .. EnvironmentChecks.Of(gateway, console),
        ];
        await foreach (var (check, finding) in new Checkup(gateway, console.Clock).RunAsync(checks, cancel))
        {
            report.Add(check.Name, finding);
        }

        return report.End();
    }

    private static List<string> Secrets(CliConsole console, Gateway gateway) =>
    [
        .. new[] { gateway.Credential?.Reveal(), console.Variable(Shells.AuthToken), console.Variable(Shells.ApiKey) }
            .OfType<string>().Distinct(),
    ];
}
