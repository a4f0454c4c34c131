using System.ComponentModel;
using TraceVault.Settings;

namespace TraceVault.Accounts;

/// <summary>How the first user is created.</summary>
internal sealed class AccountsOptions
{
    [Secret]
    [Description("Creates the first user. Default: one is printed until there is a user.")]
    public string? SetupToken { get; set; }
}
