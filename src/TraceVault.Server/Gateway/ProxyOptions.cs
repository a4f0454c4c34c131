using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace TraceVault.Gateway;

/// <summary>Configuration section <c>Proxy</c>.</summary>
internal sealed class ProxyOptions
{
    [Range(1 << 10, 512 << 20)]
    [Description("Largest request body, in bytes; 1024 to 536870912.")]
    public int MaxBodyBytes { get; set; } = 32 << 20;

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    [Description("Longest wait for the upstream's answer, and longest silence; 1 s to a day.")]
    public TimeSpan UpstreamTimeout { get; set; } = TimeSpan.FromMinutes(10);

    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    // Load balancers close idle connections after a minute, and the side that sends the next request has to close first.
    [Description("How long idle connections to the upstream are kept; 1 s to an hour.")]
    public TimeSpan UpstreamIdleTimeout { get; set; } = TimeSpan.FromSeconds(50);

    [AllowedValues("1.1", "2")]
    [Description("HTTP version spoken to the upstream: 1.1 or 2.")]
    public string UpstreamHttpVersion { get; set; } = "1.1";

    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    [Description("How long sessions in use keep working while the database is away.")]
    public TimeSpan OutageGrace { get; set; } = TimeSpan.FromMinutes(10);
}
