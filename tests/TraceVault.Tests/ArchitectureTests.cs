using System.Text.RegularExpressions;
using TraceVault.Providers.Anthropic;

namespace TraceVault.Tests;

/// <summary>
/// The folders of the server have an order: each uses only those above it, so that it can be read without those below.
/// </summary>
public partial class ArchitectureTests(ITestOutputHelper output)
{
    /// <summary>Files that may use a folder below their own, because they put it together with the others.</summary>
    private static readonly Dictionary<string, string> Composes = new(StringComparer.Ordinal)
    {
        ["Providers/ProvidersFeature.cs"] = "Providers/Anthropic",
    };

    /// <summary>What people read and do is about Anthropic by name (decision 28).</summary>
    private static readonly string[] ForPeople = ["Providers/Anthropic", "Devices", "Members", "Me", "Downloads", "Demo"];

    /// <summary>
    /// Words that nobody is to choose as a password, the names of clients and of their headers, the form of a seal, a text for people, and
    /// the name of a table.
    /// </summary>
    private static readonly string[] NamesProvider =
    [
        "Accounts/Passwords/PasswordRules.cs", "Capture/Reading/ClientName.cs", "Capture/Taping/IdentifyingHeaders.cs", "Keys/KeyVault.cs",
        "Settings/Help.cs", "Storage/Migrations.cs",
    ];

    [Fact]
    public void No_folder_uses_one_below_it()
    {
        foreach (var folder in Folders.Order)
        {
            var used = Folders.Uses.Where(use => use.From == folder).Select(use => use.To);
            output.WriteLine($"{folder}: {string.Join(", ", Folders.Order.Intersect(used))}");
        }

        Assert.Empty(Folders.Uses
            .Where(use => PlaceOf(use.To) > PlaceOf(use.From) && Composes.GetValueOrDefault(use.File) != use.To)
            .Select(use => $"{use.File} uses {use.To}"));
    }

    [Fact]
    public void Every_folder_has_its_place() =>
        Assert.Equal(Folders.Order.Order(), Folders.Files.Select(file => Folders.Of(file.Name)).Distinct().Order());

    [Fact]
    public void Only_folders_for_people_name_a_provider() => Assert.Empty(
        from file in Folders.Files
        where !ForPeople.Contains(Folders.Of(file.Name)) && !NamesProvider.Contains(file.Name) && !Composes.ContainsKey(file.Name)
        from Match match in ProviderName().Matches(file.Code)
        select $"{file.Name}: {match.Value}");

    [Fact]
    public void Only_the_provider_says_where_its_clients_find_it() => Assert.Equal(
        ["Providers/Anthropic/AnthropicProvider.cs"],
        Folders.Files.Where(file => file.Code.Contains(AnthropicProvider.Base, StringComparison.Ordinal)).Select(file => file.Name));

    [Theory]
    [InlineData("using TraceVault.Demo;", "Demo")]
    [InlineData("using TraceVault.Accounts.Passwords;", "Accounts")]
    [InlineData("using TraceVault.Providers.Anthropic;", "Providers/Anthropic")]
    [InlineData("using A = TraceVault.Demo.DemoText;", "Demo")]
    [InlineData("using static TraceVault.Demo.DemoText;", "Demo")]
    [InlineData("global using TraceVault.Demo;", "Demo")]
    [InlineData("<Using Include=\"TraceVault.Demo\" />", "Demo")]
    [InlineData("@using TraceVault.Demo", "Demo")]
    [InlineData("var text = Demo.DemoText.Answer;", "Demo")]
    [InlineData("var text = global::TraceVault.Demo.DemoText.Answer;", "Demo")]
    [InlineData("var where = $\"{origin}{Anthropic.AnthropicProvider.Base}\";", "Providers/Anthropic")]
    [InlineData("await using var app = Program.Build([]);", Folders.Whole)]
    [InlineData("using static TraceVault.Program;", Folders.Whole)]
    [InlineData("await app.StartServerAsync();", Folders.Whole)]
    [InlineData("var count = Keys.Length; // not what Demo.DemoText says", null)]
    public void A_folder_is_seen_however_it_is_named(string code, string? folder) =>
        Assert.Equal(folder is null ? [] : [folder], Folders.NamedIn("Providers/Provider.cs", Folders.CodeOf(code)));

    private static int PlaceOf(string folder) => Array.IndexOf(Folders.Order, folder);

    [GeneratedRegex("anthropic|claude|sk-ant-|x-should-retry", RegexOptions.IgnoreCase)]
    private static partial Regex ProviderName();
}
