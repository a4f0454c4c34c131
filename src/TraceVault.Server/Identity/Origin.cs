using TraceVault.Logging;

namespace TraceVault.Identity;

/// <summary>Where a request came from, for the list of sessions and the audit log.</summary>
/// <param name="Client">The <c>User-Agent</c>: at most 200 printable characters, without anything that looks like a secret.</param>
/// <param name="Address">The IP address.</param>
internal sealed record Origin(string? Client, string? Address)
{
    private const int MaxClientLength = 200;

    public static Origin Of(HttpContext context)
    {
        var redacted = Redaction.Of(context.Request.Headers.UserAgent.ToString());
        var client = new string([.. redacted.Where(c => c is >= ' ' and <= '~').Take(MaxClientLength)]);
        return new Origin(client.Length == 0 ? null : client, context.Connection.RemoteIpAddress?.ToString());
    }
}
