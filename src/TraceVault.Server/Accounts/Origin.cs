namespace TraceVault.Accounts;

/// <summary>Where a sign-in came from, for the list of sessions.</summary>
/// <param name="Client">The <c>User-Agent</c>, at most 200 characters, printable.</param>
/// <param name="Address">The IP address.</param>
internal sealed record Origin(string? Client, string? Address)
{
    private const int MaxClientLength = 200;

    public static Origin Of(HttpContext context)
    {
        var client = new string([.. context.Request.Headers.UserAgent.ToString().Where(c => c is >= ' ' and <= '~').Take(MaxClientLength)]);
        return new Origin(client.Length == 0 ? null : client, context.Connection.RemoteIpAddress?.ToString());
    }
}
