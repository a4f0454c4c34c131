namespace TraceVault.Tests;

/// <summary>
/// The folders of the server have an order: each uses only those above it, so that it can be read without those below.
/// </summary>
public class ArchitectureTests(ITestOutputHelper output)
{
    /// <summary>Files that may use a folder below their own, because they put it together with the others.</summary>
    private static readonly Dictionary<string, string> Composes = new(StringComparer.Ordinal)
    {
        ["Providers/ProvidersFeature.cs"] = "Providers/Anthropic",
    };

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
}
