namespace TraceVault.Settings;

/// <summary>Marks a setting whose value is never printed and never read from <c>appsettings.json</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : Attribute;
