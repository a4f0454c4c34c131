using System.Text.RegularExpressions;

namespace TraceVault.Tests;

/// <summary>
/// The folders of the server have an order: each uses only those above it, so that it can be read without those below.
/// </summary>
public partial class ArchitectureTests(ITestOutputHelper output)
{
    /// <summary>The order of the folders. The place of a new folder here decides what it may use.</summary>
    private static readonly string[] Order =
    [
        "Settings", "Hosting", "Logging", "Storage", "Vault", "Identity", "Changes", "Pages", "Api", "Accounts", "Keys", "Providers",
        "Providers/Anthropic", "Devices", "Gateway", "Members", "Me", "Audit", "Operations", "Downloads", "Demo",
    ];

    /// <summary>Files that may use a folder below their own, because they put it together with the others.</summary>
    private static readonly Dictionary<string, string> Composes = new(StringComparer.Ordinal)
    {
        ["Providers/ProvidersFeature.cs"] = "Providers/Anthropic",
    };

    [Fact]
    public void No_folder_uses_one_below_it()
    {
        var uses = Uses();
        foreach (var room in Order)
        {
            output.WriteLine($"{room}: {string.Join(", ", Order.Intersect(uses.Where(use => use.From == room).Select(use => use.To)))}");
        }

        Assert.Empty(uses
            .Where(use => PlaceOf(use.To) > PlaceOf(use.From) && Composes.GetValueOrDefault(use.File) != use.To)
            .Select(use => $"{use.File} uses {use.To}"));
    }

    [Fact]
    public void Every_folder_has_its_place()
    {
        var folders = Files().Select(file => RoomOf(file.Name)).Distinct();

        Assert.Equal(Order.Order(), folders.Order());
    }

    private static List<(string File, string From, string To)> Uses() =>
    [
        .. from file in Files()
           from Match match in Using().Matches(file.Text)
           let to = RoomOf(match.Groups["name"].Value.Replace('.', '/') + "/")
           where to != RoomOf(file.Name)
           select (file.Name, RoomOf(file.Name), to),
    ];

    private static IEnumerable<(string Name, string Text)> Files()
    {
        var root = Path.Combine(Repository.Root, "src", "TraceVault.Server");
        return Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".cs" or ".razor")
            .Select(file => (Name: Path.GetRelativePath(root, file).Replace('\\', '/'), Text: File.ReadAllText(file)))
            .Where(file => file.Name.Contains('/')); // Program.cs may use all folders
    }

    /// <returns>The longest folder in <see cref="Order"/> that holds the path; otherwise the first folder of the path.</returns>
    private static string RoomOf(string path) =>
        Order.Where(room => path.StartsWith(room + "/", StringComparison.Ordinal)).MaxBy(room => room.Length) ?? path.Split('/')[0];

    private static int PlaceOf(string room) => Array.IndexOf(Order, room);

    [GeneratedRegex(@"^@?using (static )?TraceVault\.(?<name>(?!FakeAnthropic)[\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Using();
}
