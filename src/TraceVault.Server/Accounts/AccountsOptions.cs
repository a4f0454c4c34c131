using System.ComponentModel;
using TraceVault.Settings;

namespace TraceVault.Accounts;

/// <summary>How the first user is created.</summary>
internal sealed class AccountsOptions
{
    [Secret]
    [Description("Token that creates the first user. Default: the server prints one.")]
    public string? SetupToken { get; set; }
}
