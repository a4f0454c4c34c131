using System.Collections.Frozen;
using TraceVault.Hosting;

namespace TraceVault.Gateway;

internal enum TargetKind
{
    /// <summary>Below no provider's base, or one of the server's own endpoints that clients look for there.</summary>
    NotOurs,

    /// <summary>Below a base, in a form that the upstream could take for another path than we do.</summary>
    Unacceptable,

    /// <summary>A GET or HEAD only asks whether anybody is here; requests with other methods are to be forwarded.</summary>
    Probe,

    /// <summary>To be forwarded.</summary>
    Forward,
}

/// <param name="Kind">What becomes of the request.</param>
/// <param name="Route">The provider that it is for; null when the target is not ours.</param>
/// <param name="Upstream">Path and query for the upstream, the very characters received; empty unless the target is acceptable.</param>
internal readonly record struct RequestTarget(TargetKind Kind, Route? Route = null, string Upstream = "");

/// <summary>Reads the request target as it came over the wire (RFC 9112 §3.2), before anything decodes or normalises it.</summary>
/// <param name="upstreams">Which providers there are.</param>
/// <param name="reserved">The paths below a provider's base that features answer themselves.</param>
/// <param name="publicUrl">The address that a target in absolute form must have.</param>
internal sealed class RequestTargets(Upstreams upstreams, IEnumerable<ReservedPath> reserved, PublicUrl publicUrl)
{
    private readonly Route[] _routes = upstreams.Routes;

    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> _reserved =
        reserved.Select(each => each.Path).ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <param name="raw">The target of the request line.</param>
    public RequestTarget Read(string raw)
    {
        var (target, foreign) = WithoutOrigin(raw, publicUrl.Origin);
        foreach (var route in _routes)
        {
            if (IsBelow(target, route.Provider.BasePath))
            {
                return Read(target, foreign, route);
            }
        }

        return default;
    }

    private static bool IsBelow(string target, string basePath) => target.StartsWith(basePath, StringComparison.Ordinal)
        && !(target.Length > basePath.Length && IsNameCharacter(target[basePath.Length]));

    private RequestTarget Read(string target, bool foreign, Route route)
    {
        var basePath = route.Provider.BasePath;
        var rest = target.AsSpan(basePath.Length);
        var question = rest.IndexOf('?');
        var path = question < 0 ? rest : rest[..question];
        if (foreign || rest.ContainsAnyExceptInRange('!', '~') || !IsAcceptable(path))
        {
            return new RequestTarget(TargetKind.Unacceptable, route);
        }

        if (_reserved.Contains(target.AsSpan(0, basePath.Length + path.Length)))
        {
            return default;
        }

        return new RequestTarget(
            route.Provider.IsProbe(path) ? TargetKind.Probe : TargetKind.Forward, route, path.IsEmpty ? $"/{rest}" : rest.ToString());
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

    /// <summary>
    /// Refuses what different readers of a path may read differently: empty and dot segments, hidden separators, double encoding.
    /// </summary>
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
