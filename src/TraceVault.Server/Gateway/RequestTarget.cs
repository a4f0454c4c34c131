using System.Collections.Frozen;

namespace TraceVault.Gateway;

internal enum TargetKind
{
    /// <summary>Not under the proxy's base, or an endpoint of the server's own that clients look for there.</summary>
    NotOurs,

    /// <summary>Under the base, in a form that could mean another path to the upstream than to us.</summary>
    Unacceptable,

    /// <summary>The base itself, or <c>/api/hello</c>: by GET or HEAD a client asks whether anybody is here, the rest is to be forwarded.</summary>
    Probe,

    /// <summary>To be forwarded.</summary>
    Forward,
}

/// <summary>Reads the request target as it came over the wire (RFC 9112 §3.2), before anything decodes or normalises it.</summary>
internal static class RequestTarget
{
    public const string Base = "/proxy/anthropic";

    /// <summary>What Claude Code's sign-in expects under the base (https://code.claude.com/docs/en/llm-gateway-protocol): never forwarded, by no method, in these very characters.</summary>
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Endpoints = FrozenSet.Create(
        StringComparer.Ordinal,
        "/.well-known/oauth-authorization-server", "/oauth/device_authorization", "/oauth/token", "/oauth/revoke",
        "/managed/settings", "/v1/metrics", "/v1/logs", "/v1/traces").GetAlternateLookup<ReadOnlySpan<char>>();

    /// <param name="raw">The target of the request line.</param>
    /// <param name="publicOrigin">Scheme, host and port under which an absolute-form target is taken.</param>
    /// <param name="upstream">Path and query for the upstream, the very characters received; empty unless the target is acceptable.</param>
    public static TargetKind Read(string raw, string publicOrigin, out string upstream)
    {
        upstream = "";
        var (target, foreign) = WithoutOrigin(raw, publicOrigin);
        if (!target.StartsWith(Base, StringComparison.Ordinal) || (target.Length > Base.Length && IsNameCharacter(target[Base.Length])))
        {
            return TargetKind.NotOurs;
        }

        var rest = target.AsSpan(Base.Length);
        var question = rest.IndexOf('?');
        var path = question < 0 ? rest : rest[..question];
        if (foreign || rest.ContainsAnyExceptInRange('!', '~') || !IsAcceptable(path))
        {
            return TargetKind.Unacceptable;
        }

        if (Endpoints.Contains(path))
        {
            return TargetKind.NotOurs;
        }

        upstream = path.IsEmpty ? $"/{rest}" : rest.ToString();
        return path is "" or "/" or "/api/hello" ? TargetKind.Probe : TargetKind.Forward;
    }

    private static (string Target, bool Foreign) WithoutOrigin(string raw, string publicOrigin)
    {
        if (raw.StartsWith('/'))
        {
            return (raw, false);
        }

        var authority = raw.IndexOf("://", StringComparison.Ordinal);
        var path = authority < 0 ? -1 : raw.IndexOf('/', authority + 3);
        return path < 0 ? (raw, true) : (raw[path..], !raw.AsSpan(0, path).Equals(publicOrigin, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Refuses what different readers of a path may read differently: empty and dot segments, hidden separators, double encoding.</summary>
    private static bool IsAcceptable(ReadOnlySpan<char> path)
    {
        if (path.Length > 0 && path[0] != '/')
        {
            return false;
        }

        if (path.Contains('\\') || path.Contains('#') || path.IndexOf("//", StringComparison.Ordinal) >= 0)
        {
            return false;
        }

        for (var i = path.IndexOf('%'); i >= 0 && i < path.Length; i++)
        {
            if (path[i] == '%' && IsForbiddenEscape(path[(i + 1)..]))
            {
                return false;
            }
        }

        foreach (var range in path.Split('/'))
        {
            if (IsDotSegment(path[range]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>An encoded slash, backslash or NUL, or an encoded percent sign that begins another escape.</summary>
    private static bool IsForbiddenEscape(ReadOnlySpan<char> afterPercent) =>
        afterPercent.StartsWith("2f", StringComparison.OrdinalIgnoreCase)
        || afterPercent.StartsWith("5c", StringComparison.OrdinalIgnoreCase)
        || afterPercent.StartsWith("00", StringComparison.Ordinal)
        || (afterPercent.Length >= 4 && afterPercent.StartsWith("25", StringComparison.Ordinal)
            && char.IsAsciiHexDigit(afterPercent[2]) && char.IsAsciiHexDigit(afterPercent[3]));

    private static bool IsDotSegment(ReadOnlySpan<char> segment)
    {
        var dots = 0;
        while (segment.Length > 0)
        {
            var length = segment[0] == '.' ? 1 : segment.StartsWith("%2e", StringComparison.OrdinalIgnoreCase) ? 3 : 0;
            if (length == 0)
            {
                return false;
            }

            segment = segment[length..];
            dots++;
        }

        return dots is 1 or 2;
    }

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '~';
}
