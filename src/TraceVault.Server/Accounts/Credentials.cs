using Microsoft.Extensions.Primitives;

namespace TraceVault.Accounts;

internal enum CredentialKind
{
    Missing,
    Conflicting,
    Token,
}

/// <summary>
/// The only reader of a caller's credential, for the proxy and the API: <c>Authorization: Bearer</c>, another header, or both with the same
/// value. It never reads cookies.
/// </summary>
internal static class Credentials
{
    /// <summary>The other header at the API of our own.</summary>
    public const string OfApi = "x-api-key";

    private const string Bearer = "Bearer ";

    /// <param name="headers">The request's headers.</param>
    /// <param name="other">The other header that may hold the token; null: none. At the proxy it depends on the provider's clients.</param>
    /// <param name="token">The token; empty unless there is exactly one.</param>
    public static CredentialKind Read(IHeaderDictionary headers, string? other, out ReadOnlySpan<char> token)
    {
        token = default;
        foreach (var value in other is null ? StringValues.Empty : headers[other])
        {
            if (!Add(value, ref token))
            {
                return CredentialKind.Conflicting;
            }
        }

        foreach (var value in headers.Authorization)
        {
            if (value is not null && value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
                && !Add(value.AsSpan(Bearer.Length), ref token))
            {
                return CredentialKind.Conflicting;
            }
        }

        return token.IsEmpty ? CredentialKind.Missing : CredentialKind.Token;
    }

    private static bool Add(ReadOnlySpan<char> value, ref ReadOnlySpan<char> token)
    {
        value = value.Trim();
        if (!value.IsEmpty && !token.IsEmpty)
        {
            return value.SequenceEqual(token);
        }

        token = value.IsEmpty ? token : value;
        return true;
    }
}
