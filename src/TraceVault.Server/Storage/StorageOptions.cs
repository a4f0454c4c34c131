using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using TraceVault.Settings;

namespace TraceVault.Storage;

/// <summary>Which database holds everything.</summary>
internal sealed class StorageOptions
{
    [Required, Secret]
    [Description("sqlite, sqlite:PATH or postgres://user:password@host:5432/name")]
    public string Database { get; set; } = "sqlite";
}
