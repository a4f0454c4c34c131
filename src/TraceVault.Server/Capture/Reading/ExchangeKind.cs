namespace TraceVault.Capture.Reading;

/// <summary>What an exchange was for.</summary>
internal enum ExchangeKind
{
    Other,
    Message,
    CountTokens,
    Models,
}

internal static class ExchangeKinds
{
    private const string Models = "/v1/models";

    /// <param name="path">Within the provider's base path, without the query.</param>
    public static ExchangeKind Of(string method, string path) => (method, path) switch
    {
        ("POST", "/v1/messages") => ExchangeKind.Message,
        ("POST", "/v1/messages/count_tokens") => ExchangeKind.CountTokens,
        ("GET" or "HEAD", _) when path == Models || path.StartsWith(Models + "/", StringComparison.Ordinal) => ExchangeKind.Models,
        _ => ExchangeKind.Other,
    };

    /// <returns>The word of the API and the database.</returns>
    public static string Word(this ExchangeKind kind) => kind switch
    {
        ExchangeKind.Message => "message",
        ExchangeKind.CountTokens => "count_tokens",
        ExchangeKind.Models => "models",
        _ => "other",
    };
}
