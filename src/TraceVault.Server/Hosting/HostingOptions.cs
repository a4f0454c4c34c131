using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace TraceVault.Hosting;

/// <summary>Where the server listens, how people reach it, and where it keeps its files.</summary>
internal sealed class HostingOptions
{
    [Required]
    [Description("Where the server listens; several are separated by ';'.")]
    public string Urls { get; set; } = "http://127.0.0.1:3000";

    [Description("Origin that people and tools use. Default: the first listening address.")]
    public string? PublicUrl { get; set; }

    [Required]
    [Description("Folder of the embedded database and its master key.")]
    public string DataDir { get; set; } = "./data";

    [Description("Addresses or networks of proxies whose X-Forwarded headers are trusted.")]
    public string? TrustedProxies { get; set; }

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    // Longer than whatever is in front keeps idle connections: AWS's load balancer and nginx 60 seconds, Google's 600.
    [Description("How long idle connections of clients are kept; 1 s to a day.")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(620);

    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    [Description("How long running requests may go on after a stop; up to an hour.")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
