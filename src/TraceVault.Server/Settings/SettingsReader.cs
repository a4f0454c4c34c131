using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace TraceVault.Settings;

/// <summary>
/// Reads every feature's options from <c>appsettings.json</c>, the environment (<c>TRACEVAULT_…</c>) and the command line
/// (<c>--Name=value</c>); the later wins. A setting that is unknown or invalid stops the start with one line that names it.
/// White space at the ends of a value is ignored: a file with Windows line ends puts a carriage return there.
/// </summary>
internal sealed class SettingsReader
{
    /// <summary>Settings with the same prefix that belong to the command line program.</summary>
    private static readonly HashSet<string> OfOthers = new(StringComparer.OrdinalIgnoreCase)
    {
        "ServerUrl", "Token", "ConfigDir",
    };

    /// <summary>Where the framework's own sections hold a secret, which belongs in a file no more than ours do.</summary>
    private const string CertificatePassword = ":Password";

    private const string FileName = "appsettings.json";

    private readonly IConfigurationRoot _file;
    private readonly Dictionary<string, string?> _environment;
    private readonly Dictionary<string, string?> _arguments;
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>How each key was spelled where it was set, for messages.</summary>
    private readonly Dictionary<string, string> _spelled = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="args">The command line.</param>
    /// <param name="environment">The environment's variables.</param>
    /// <param name="folder">The folder of <c>appsettings.json</c>, if there is one; null reads none.</param>
    public SettingsReader(string[] args, IDictionary environment, string? folder)
    {
        _file = ReadFile(folder);
        _environment = ReadEnvironment(environment);
        _arguments = ReadArguments(args);
        Configuration = new ConfigurationBuilder()
            .AddConfiguration(_file)
            .AddInMemoryCollection(_environment)
            .AddInMemoryCollection(_arguments)
            .Build();
    }

    /// <summary>The settings of this process: its arguments, its environment, and the file in its working directory.</summary>
    public static SettingsReader OfProcess(string[] args) =>
        new(args, Environment.GetEnvironmentVariables(), Directory.GetCurrentDirectory());

    /// <summary>All sources combined, for the sections that the framework reads itself.</summary>
    public IConfigurationRoot Configuration { get; }

    /// <summary>Every setting that was read, in that order.</summary>
    public List<Setting> Settings { get; } = [];

    /// <summary>Secrets on the command line, where every user of the machine can read them.</summary>
    public List<string> SecretsInArguments { get; } = [];

    /// <exception cref="StartupException">A value cannot be converted, or breaks a rule of its property.</exception>
    public T Read<T>(string section = "")
        where T : class, new()
    {
        var options = new T();
        foreach (var property in typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
        {
            var key = SettingName.Key(section, property);
            _known.Add(key);
            Settings.Add(new Setting(section, property, property.GetValue(options)));
            if (Configuration[key] is { Length: > 0 } text)
            {
                GuardSecret(section, property, key);
                property.SetValue(options, Valid(section, property, Convert(section, property, text)));
            }
        }

        return options;
    }

    /// <exception cref="StartupException">The environment, the command line or the file names a setting that no feature has.</exception>
    public void RefuseUnknown()
    {
        RefuseUnknown(_environment.Keys, key => $"the environment variable {_spelled[key]}");
        RefuseUnknown(_arguments.Keys, key => $"--{key}");
        var inFile = _file.AsEnumerable().Where(pair => pair.Value is not null).Select(pair => pair.Key).ToList();
        RefuseUnknown(inFile, key => $"{key} in appsettings.json");
        if (inFile.Find(key => key.EndsWith(CertificatePassword, StringComparison.OrdinalIgnoreCase)) is { } password)
        {
            var variable = SettingName.EnvironmentPrefix + password.Replace(":", "__", StringComparison.Ordinal).ToUpperInvariant();
            throw new StartupException($"{password} is a secret and is not read from appsettings.json: remove it there and set "
                + $"{variable} in the environment.");
        }
    }

    private void RefuseUnknown(IEnumerable<string> keys, Func<string, string> name)
    {
        foreach (var key in keys)
        {
            if (!_known.Contains(key) && !OfOthers.Contains(key) && !FrameworkSettings.Has(key))
            {
                throw new StartupException($"Unknown setting: {name(key)}. {FrameworkSettings.Advice(key)}`--help` lists the settings.");
            }
        }
    }

    private void GuardSecret(string section, PropertyInfo property, string key)
    {
        if (property.GetCustomAttribute<SecretAttribute>() is null)
        {
            return;
        }

        if (_file[key] is { Length: > 0 })
        {
            throw new StartupException(
                $"{SettingName.ForEnvironment(section, property)} is a secret and is not read from appsettings.json: "
                + "remove it there and set it in the environment.");
        }

        if (_arguments.ContainsKey(key))
        {
            SecretsInArguments.Add(SettingName.ForEnvironment(section, property));
        }
    }

    private static object Convert(string section, PropertyInfo property, string text)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        try
        {
            var value = type == typeof(string) ? text : TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text)!;
            return !type.IsEnum || Enum.IsDefined(type, value) ? value : throw new FormatException();
        }
        catch (Exception problem) when (problem is FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            var kind = type == typeof(TimeSpan) ? "a time as hours:minutes:seconds, such as 00:10:00"
                : type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type)).ToLowerInvariant()}"
                : type == typeof(bool) ? "true or false" : "a whole number";
            throw new StartupException($"{SettingName.ForEnvironment(section, property)} is invalid: it takes {kind}.");
        }
    }

    private static object Valid(string section, PropertyInfo property, object value)
    {
        foreach (var rule in property.GetCustomAttributes<ValidationAttribute>())
        {
            if (!rule.IsValid(value))
            {
                throw new StartupException($"{SettingName.ForEnvironment(section, property)} is invalid: {InWords(rule)}");
            }
        }

        return value;
    }

    /// <summary>Says what a rule allows: the framework's own messages are meant for forms.</summary>
    private static string InWords(ValidationAttribute rule) => rule switch
    {
        RangeAttribute range => string.Create(CultureInfo.InvariantCulture,
            $"it takes {(range.OperandType == typeof(TimeSpan) ? "a time" : "a whole number")} from {range.Minimum} to {range.Maximum}."),
        MinLengthAttribute least => string.Create(CultureInfo.InvariantCulture, $"it takes at least {least.Length} characters."),
        RequiredAttribute => "it takes a value.",
        AllowedValuesAttribute allowed => $"it takes {string.Join(" or ", allowed.Values)}.",
        _ => throw new NotSupportedException($"{rule.GetType().Name} has no words yet."),
    };

    private static IConfigurationRoot ReadFile(string? folder)
    {
        var file = new ConfigurationBuilder().AddInMemoryCollection(); // an empty configuration refuses the values that the framework sets
        if (folder is not null && File.Exists(Path.Combine(folder, FileName)))
        {
            file.SetBasePath(folder).AddJsonFile(FileName);
        }

        try
        {
            return file.Build();
        }
        catch (InvalidDataException problem)
        {
            throw new StartupException($"appsettings.json in {folder} is not valid JSON: {problem.GetBaseException().Message}");
        }
    }

    private Dictionary<string, string?> ReadEnvironment(IDictionary environment)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry entry in environment)
        {
            var value = (entry.Value as string)?.Trim();
            if (entry.Key is string name
                && name.StartsWith(SettingName.EnvironmentPrefix, StringComparison.OrdinalIgnoreCase)
                && !ServiceLinks.Contain(name, value))
            {
                var key = SettingName.Normalize(name[SettingName.EnvironmentPrefix.Length..]);
                settings[key] = value;
                _spelled[key] = name;
            }
        }

        return settings;
    }

    private static Dictionary<string, string?> ReadArguments(string[] args)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var argument in args)
        {
            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            if (!argument.StartsWith("--", StringComparison.Ordinal) || equals < 3)
            {
                // The message does not repeat the argument: it may be a misplaced secret.
                throw new StartupException("An argument is not understood: settings are given as --Name=value. `--help` lists them.");
            }

            settings[SettingName.Normalize(argument[2..equals])] = argument[(equals + 1)..].Trim();
        }

        return settings;
    }
}
