namespace TraceVault.Keys;

/// <summary>Who owns a stored key.</summary>
/// <param name="Kind"><see cref="UserKind"/>; the seal leaves room for others.</param>
/// <param name="Id">The user's id.</param>
internal readonly record struct KeyOwner(string Kind, string Id)
{
    public const string UserKind = "user";

    public static KeyOwner User(string id) => new(UserKind, id);
}
