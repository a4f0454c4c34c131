using System.Text.RegularExpressions;

namespace TraceVault.Tests;

/// <summary>Rules for every source file of the repository that no analyzer checks.</summary>
public partial class HouseTests
{
    private const int Columns = 140;

    [Fact]
    public void No_line_is_longer_than_140_columns()
    {
        Assert.NotEmpty(Sources());
        Assert.Empty(Sources().SelectMany(file => File.ReadLines(Path.Combine(Repository.Root, file))
            .Select((line, index) => (Text: line, Place: $"{file}:{index + 1}"))
            .Where(line => line.Text.Length > Columns)
            .Select(line => line.Place)));
    }

    [Fact]
    public void Usings_are_in_order_with_an_empty_line_after_them() => Assert.All(
        Sources().Where(file => file.EndsWith(".cs", StringComparison.Ordinal)),
        file => Assert.True(AreInOrder(Path.Combine(Repository.Root, file)), file));

    private static bool AreInOrder(string file)
    {
        var lines = File.ReadAllLines(file);
        var usings = lines.TakeWhile(line => line.StartsWith("using ", StringComparison.Ordinal)).ToList();
        var names = usings.Select(line => Namespace().Match(line).Groups[1].Value).Where(name => name.Length > 0).ToList();
        return (usings.Count == 0 || lines[usings.Count].Length == 0)
            && names.SequenceEqual(names
                .OrderBy(name => !$"{name}.".StartsWith("System.", StringComparison.Ordinal))
                .ThenBy(name => name, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Every source file, by its path from the root.</summary>
    private static IEnumerable<string> Sources() => new[] { "src", "tests", "bench" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*", SearchOption.AllDirectories))
        .Concat(Directory.EnumerateFiles(Repository.Root))
        .Where(file => Path.GetExtension(file) is ".cs" or ".razor" or ".css" or ".js" or ".sh" or ".csproj" or ".props"
            || Path.GetFileName(file) is "test" or "publish")
        .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
        .Where(file => !file.Split('/').Any(folder => folder is "node_modules" or "artifacts" or "obj" or "bin"));

    /// <summary>A plain using; not one that is static or gives a name.</summary>
    [GeneratedRegex(@"^using ([\w.]+);$")]
    private static partial Regex Namespace();
}
