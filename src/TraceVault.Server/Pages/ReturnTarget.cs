namespace TraceVault.Pages;

/// <summary>The page to which a sign-in redirects: one on this server, never on another site.</summary>
internal static class ReturnTarget
{
    public const string Start = "/me/proxy/";

    private const int MaxLength = 1000;

    /// <returns>The target when it is a path on this server, else the start page.</returns>
    public static string Safe(string? target) =>
        target is { Length: > 0 and <= MaxLength } && target[0] == '/'
        && (target.Length == 1 || target[1] is not ('/' or '\\')) // browsers take both for another host
        && !target.AsSpan().ContainsAnyExceptInRange('!', '~') && !target.Contains('\\')
            ? target
            : Start;
}
