namespace TraceVault.Identity;

/// <summary>A person with an account.</summary>
public sealed record User(string Id, string Email, string? Name, string Role)
{
    public const string Owner = "owner", Admin = "admin", Member = "member";

    /// <summary>The roles that administer the server.</summary>
    internal static readonly string[] Administrators = [Owner, Admin];
}
