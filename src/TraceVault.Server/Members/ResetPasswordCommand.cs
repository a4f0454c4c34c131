using TraceVault.Accounts;
using TraceVault.Hosting;
using TraceVault.Settings;
using TraceVault.Storage;

namespace TraceVault.Members;

/// <summary><c>--reset-password</c>: a reset link for who cannot get one from anybody, made at the machine itself with the settings of the server.</summary>
/// <remarks>The server may run meanwhile and serves the link at once: it looks links up in the database. So the embedded database is not taken for this process, only written to.</remarks>
internal static class ResetPasswordCommand
{
    public static readonly CommandSwitch Switch = new(
        "--reset-password", "Print a link that resets a password: --email=ADDRESS.", RunAsync);

    private const string EmailOption = "--email=";

    private static async Task<int> RunAsync(string[] args)
    {
        var email = args.Where(argument => argument.StartsWith(EmailOption, StringComparison.OrdinalIgnoreCase)).Select(argument => argument[EmailOption.Length..]).ToList();
        if (email.Count != 1 || !EmailAddress.TryParse(email[0], out var address))
        {
            throw new StartupException("Say whose password: --reset-password --email=ADDRESS.");
        }

        await using var app = Program.Build([.. args.Where(argument => !argument.StartsWith(EmailOption, StringComparison.OrdinalIgnoreCase))]);
        await app.Services.GetRequiredService<Migrator>().RequireCurrentAsync(CancellationToken.None);
        var issued = await app.Services.GetRequiredService<PasswordResets>().IssueAtMachineAsync(address);
        await Console.Out.WriteLineAsync(issued switch
        {
            { Link: { } link } => Text(issued.Email!, MemberLinks.Reset(PublicUrl.OfSettings(app.Services.GetRequiredService<HostingOptions>()), link), link.ExpiresAt),
            { Outcome: MemberOutcome.Disabled } => throw new StartupException("This account is disabled and no owner's. An owner or administrator enables it on the page /admin/users first."),
            _ => throw new StartupException("No account of this database has that address. Check it, and that the settings are those of the server."),
        });
        return 0;
    }

    private static string Text(string email, string url, DateTimeOffset expiresAt) => $"""

          {email} chooses a new password here:

              {url}

          The link works once, until {MemberTexts.Time(expiresAt)}, with the server running. An owner who was disabled is enabled by it.
          Their stored Anthropic key is removed; they store it again afterwards.

        """;
}
