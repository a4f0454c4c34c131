using TraceVault.Hosting;
using TraceVault.Identity;
using TraceVault.Settings;
using TraceVault.Storage;

namespace TraceVault.Members;

/// <summary>
/// <c>--reset-password</c>: makes a reset link at the machine itself, with the server's settings, for people who cannot get one from
/// anybody.
/// </summary>
/// <remarks>
/// The server may be running and accepts the link at once, because it looks links up in the database. So this process only writes to the
/// embedded database and does not lock it for itself.
/// </remarks>
internal static class ResetPasswordCommand
{
    public static readonly CommandSwitch Switch = new(
        "--reset-password", "Print a link that resets a password: --email=ADDRESS.", RunAsync);

    private const string EmailOption = "--email=";

    private static async Task<int> RunAsync(string[] args, WholeServer server)
    {
        var options = args.ToLookup(argument => argument.StartsWith(EmailOption, StringComparison.OrdinalIgnoreCase));
        var email = options[true].Select(argument => argument[EmailOption.Length..]).ToList();
        if (email.Count != 1 || !EmailAddress.TryParse(email[0], out var address))
        {
            throw new StartupException("Say whose password: --reset-password --email=ADDRESS.");
        }

        await using var app = server.Build(SettingsReader.OfProcess([.. options[false]]));
        await app.Services.GetRequiredService<Migrator>().RequireCurrentAsync(CancellationToken.None);
        var issued = await app.Services.GetRequiredService<PasswordResets>().IssueAtMachineAsync(address);
        await Console.Out.WriteLineAsync(issued switch
        {
            { Link: { } link } => Text(
                issued.Email!,
                MemberLinks.Reset(PublicUrl.OfSettings(app.Services.GetRequiredService<HostingOptions>()), link),
                link.ExpiresAt),
            { Outcome: MemberOutcome.Disabled } => throw new StartupException(
                "This account is disabled and not an owner's. "
                + "An owner or administrator has to enable it on the page /admin/users first."),
            _ => throw new StartupException(
                "No account of this database has that address. Check it, and that the settings are those of the server."),
        });
        return 0;
    }

    private static string Text(string email, string url, DateTimeOffset expiresAt) => $"""

          {email} chooses a new password here:

              {url}

          The link works once, until {MemberTexts.Time(expiresAt)}, while the server runs. It also enables a disabled owner.
          Their stored Anthropic key is removed; they have to store it again afterwards.

        """;
}
