namespace TraceVault.Gateway;

/// <summary>
/// Decides which methods are forwarded: all but the two that a proxy must answer itself, and those that different readers take for
/// different methods.
/// </summary>
internal static class MethodRules
{
    private static readonly string[] Known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"];

    /// <param name="method">As received; methods are case-sensitive (RFC 9110 §9.1), and .NET would send <c>gEt</c> as GET.</param>
    public static bool IsForwarded(string method) => Array.IndexOf(Known, method) >= 0
        || (!Array.Exists([.. Known, "CONNECT", "TRACE"], known => known.Equals(method, StringComparison.OrdinalIgnoreCase)));
}
