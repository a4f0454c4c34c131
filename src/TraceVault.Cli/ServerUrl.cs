using System.Diagnostics.CodeAnalysis;

namespace TraceVault.Cli;

/// <summary>The origin of a TraceVault server, without a path or a trailing slash.</summary>
internal sealed class ServerUrl
{
    /// <summary>First path segments of what a person may copy from the browser or a client's settings; the empty one is no path.</summary>
    private static readonly string[] OwnPaths = ["", "proxy", "me", "auth", "api"];

    private ServerUrl(Uri uri) => Origin = uri.GetLeftPart(UriPartial.Authority);

    public string Origin { get; }

    /// <summary>An IPv6 address is in brackets.</summary>
    public string Host => new Uri(Origin).Host;

    public string ProxyBase => Origin + "/proxy/anthropic";

    public bool IsHttps => new Uri(Origin).Scheme == Uri.UriSchemeHttps;

    public bool IsLoopback => new Uri(Origin).IsLoopback;

    /// <param name="text">What a person typed or copied; an address of one of the server's own pages stands for its origin.</param>
    /// <param name="allowHttp">Whether http is accepted for other machines.</param>
    /// <param name="url">The origin, when there is one.</param>
    /// <param name="problem">A sentence otherwise.</param>
    public static bool TryParse(
        string? text, bool allowHttp, [NotNullWhen(true)] out ServerUrl? url, [NotNullWhen(false)] out string? problem)
    {
        url = null;
        if (!Uri.TryCreate(text?.Trim(), UriKind.Absolute, out var uri) || uri is not { Scheme: "https" or "http", Host.Length: > 0 })
        {
            problem = "The server's URL is not complete. Give it with its scheme, such as https://tracevault.example.com.";
        }
        else if (uri.UserInfo.Length > 0)
        {
            problem = "The server's URL must not hold a user name or password.";
        }
        else if (!OwnPaths.Contains(uri.Segments.ElementAtOrDefault(1)?.TrimEnd('/') ?? ""))
        {
            problem = $"TraceVault answers at the root of its address, not under a path. Use {uri.GetLeftPart(UriPartial.Authority)}.";
        }
        else if (uri.Scheme == "http" && !allowHttp && !uri.IsLoopback)
        {
            problem = $"{uri.GetLeftPart(UriPartial.Authority)} is not encrypted: anyone on the way could read your token. "
                + "Use https, or add --allow-http if you accept that.";
        }
        else
        {
            (url, problem) = (new ServerUrl(uri), null);
        }

        return url is not null;
    }

    /// <exception cref="CommandFailure">Wrong usage, when the text is no acceptable address.</exception>
    public static ServerUrl Parse(string? text, bool allowHttp) =>
        TryParse(text, allowHttp, out var url, out var problem) ? url : throw CommandFailure.Usage(problem);

    public override string ToString() => Origin;
}
