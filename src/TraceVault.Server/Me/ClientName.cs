namespace TraceVault.Me;

/// <summary>A short name for a <c>User-Agent</c>, which is only what the client says about itself.</summary>
internal static class ClientName
{
    private const int MaxLength = 60;

    /// <summary>The first match wins: Edge and Opera also call themselves Chrome, and Chrome calls itself Safari.</summary>
    private static readonly (string Sign, string Name)[] Browsers =
    [
        ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Chromium/", "Chromium"),
        ("Safari/", "Safari"),
    ];

    private static readonly (string Sign, string Name)[] Systems =
        [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux")];

    public static string Of(string? userAgent)
    {
        if (userAgent is null)
        {
            return "Unknown client";
        }

        if (userAgent.StartsWith("Mozilla/", StringComparison.Ordinal))
        {
            var system = First(Systems, userAgent);
            return First(Browsers, userAgent) is { } browser ? system is null ? browser : $"{browser} on {system}" : "A browser";
        }

        return userAgent.Length <= MaxLength ? userAgent : userAgent[..MaxLength] + "…";
    }

    private static string? First((string Sign, string Name)[] known, string userAgent) =>
        Array.Find(known, each => userAgent.Contains(each.Sign, StringComparison.Ordinal)).Name;
}
