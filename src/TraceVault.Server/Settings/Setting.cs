using System.ComponentModel;
using System.Globalization;
using System.Reflection;

namespace TraceVault.Settings;

/// <summary>One setting as an operator sees it: for <c>--help</c>, and for the tests that hold the README to it.</summary>
internal sealed class Setting(string section, PropertyInfo property, object? standard)
{
    /// <summary>Its name in the environment.</summary>
    public string Name { get; } = SettingName.ForEnvironment(section, property);

    /// <summary>Written as the setting is; empty when there is none.</summary>
    public string Default { get; } = standard is Enum
        ? standard.ToString()!.ToLowerInvariant()
        : Convert.ToString(standard, CultureInfo.InvariantCulture) ?? "";

    public string Meaning { get; } = property.GetCustomAttribute<DescriptionAttribute>()?.Description
        ?? throw new InvalidOperationException($"The setting {property.Name} has no description.");

    public bool IsSecret { get; } = property.GetCustomAttribute<SecretAttribute>() is not null;
}
