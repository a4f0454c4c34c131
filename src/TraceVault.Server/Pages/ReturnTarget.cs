namespace TraceVault.Pages;

/// <summary>Where a sign-in leads to: a page on this server, never another site.</summary>
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
