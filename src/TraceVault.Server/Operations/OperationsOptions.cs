using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using TraceVault.Settings;

namespace TraceVault.Operations;

/// <summary>What the server tells its operator, and how.</summary>
internal sealed class OperationsOptions
{
    [Secret, MinLength(16)]
    [Description("Bearer token for /metrics; 16 characters or more.")]
    public string? MetricsToken { get; set; }
}
