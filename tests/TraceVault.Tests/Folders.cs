using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace TraceVault.Tests;

/// <summary>The folders of the server, and which of them a source file uses.</summary>
internal static partial class Folders
{
    /// <summary>The file that uses all folders. It counts as a folder of its own.</summary>
    public const string Whole = "Program.cs";

    /// <summary>The order of the folders. The place of a new folder here decides what it may use.</summary>
    public static readonly string[] Order =
    [
        "Settings", "Hosting", "Logging", "Storage", "Vault", "Identity", "Changes", "Pages", "Api", "Accounts", "Keys", "Providers",
        "Providers/Anthropic", "Capture", "Devices", "Gateway", "Traces",
        "Members", "Me", "Audit", "Operations", "Downloads", "Demo", Whole,
    ];

    private static readonly string Root = Path.Combine(Repository.Root, "src", "TraceVault.Server");

    private static readonly HashSet<string> Types =
        [.. typeof(Program).Assembly.GetTypes().Where(type => !type.IsNested).Select(type => type.FullName!.Split('`')[0])];

    /// <summary>Finds the program itself, and what it adds to types of others.</summary>
    private static readonly Regex UseOfWhole = new(
        $@"(?<!\w)Program\.|TraceVault\.Program\b|\.({string.Join('|', typeof(Program)
            .GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
            .Where(method => !method.IsPrivate && method.IsDefined(typeof(ExtensionAttribute)))
            .Select(method => method.Name))})\b");

    /// <summary>Every source file by its path, without its comments.</summary>
    public static IReadOnlyList<(string Name, string Code)> Files { get; } =
    [
        .. from file in Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
           where Path.GetExtension(file) is ".cs" or ".razor" && Path.GetFileName(file) != "_Imports.razor"
           select (Path.GetRelativePath(Root, file).Replace('\\', '/'), CodeOf(File.ReadAllText(file))),
    ];

    /// <summary>Which folder uses which other one, in which file.</summary>
    public static IReadOnlyList<(string File, string From, string To)> Uses { get; } =
    [
        .. from file in Files
           from to in NamedIn(file.Name, file.Code + OpenTo(file.Name))
           where to != Of(file.Name)
           select (file.Name, Of(file.Name), to),
    ];

    /// <returns>The longest folder in <see cref="Order"/> that holds the path; otherwise the first folder of the path.</returns>
    public static string Of(string path) =>
        Order.Where(folder => path.StartsWith(folder + "/", StringComparison.Ordinal)).MaxBy(folder => folder.Length) ?? path.Split('/')[0];

    public static string CodeOf(string text) => Comment().Replace(text, "");

    /// <returns>The folders that are named after TraceVault, or before the name of one of their types; and the whole.</returns>
    public static IEnumerable<string> NamedIn(string file, string code)
    {
        var names = from Match match in DottedName().Matches(code)
                    let name = match.Value
                    select name.StartsWith("TraceVault.", StringComparison.Ordinal) ? name["TraceVault.".Length..] : TypeIn(file, name);
        var folders = names.OfType<string>().Select(name => Of(name.Replace('.', '/') + "/")).Where(Order.Contains);
        return (UseOfWhole.IsMatch(code) ? folders.Append(Whole) : folders).Distinct();
    }

    /// <returns>
    /// The type that a name means in a file, without TraceVault before it. The namespaces that the file is in can be left out.
    /// </returns>
    private static string? TypeIn(string file, string name)
    {
        var (parts, around) = (name.Split('.'), file.Split('/')[..^1]);
        return (from depth in Enumerable.Range(0, around.Length + 1)
                from length in Enumerable.Range(2, parts.Length - 1)
                let type = string.Join('.', [.. around[..depth], .. parts[..length]])
                where Types.Contains($"TraceVault.{type}")
                select type).FirstOrDefault();
    }

    /// <returns>The usings of other files that hold in this one, too.</returns>
    private static string OpenTo(string file) => string.Join('\n',
    [
        .. Files.SelectMany(each => each.Code.Split('\n')).Where(line => line.StartsWith("global using", StringComparison.Ordinal)),
        .. Directory.EnumerateFiles(Root, "*.csproj").Append(Path.Combine(Repository.Root, "Directory.Build.props"))
            .SelectMany(File.ReadLines).Where(line => line.Contains("<Using", StringComparison.Ordinal)),
        file.EndsWith(".razor", StringComparison.Ordinal) ? File.ReadAllText(Path.Combine(Root, "_Imports.razor")) : "",
    ]);

    [GeneratedRegex(@"(?<![\w.])\w+(\.\w+)+")]
    private static partial Regex DottedName();

    /// <summary>To the end of its line, unless the slashes are those of an address.</summary>
    [GeneratedRegex(@"(?<!:)//.*$|@\*.*?\*@", RegexOptions.Multiline)]
    private static partial Regex Comment();
}
