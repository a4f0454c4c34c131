using TraceVault.Logging;

namespace TraceVault.Identity;

/// <summary>Where a request came from, for the list of sessions and the audit log.</summary>
/// <param name="Client">The <c>User-Agent</c>, at most 200 characters, printable, without what looks like a secret.</param>
/// <param name="Address">The IP address.</param>
internal sealed record Origin(string? Client, string? Address)
{
    private const int MaxClientLength = 200;

    public static Origin Of(HttpContext context)
    {
        var client = new string([.. Redaction.Of(context.Request.Headers.UserAgent.ToString()).Where(c => c is >= ' ' and <= '~').Take(MaxClientLength)]);
        return new Origin(client.Length == 0 ? null : client, context.Connection.RemoteIpAddress?.ToString());
    }
}
