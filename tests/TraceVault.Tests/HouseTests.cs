namespace TraceVault.Tests;

/// <summary>Rules for every source file of the repository that no analyzer checks.</summary>
public class HouseTests
{
    private const int Columns = 140;

    [Fact]
    public void No_line_is_longer_than_140_columns()
    {
        var root = Repository.Root;
        var files = new[] { "src", "tests", "bench" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder), "*", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(root))
            .Where(file => Path.GetExtension(file) is ".cs" or ".razor" or ".css" or ".js" or ".sh" or ".csproj" or ".props"
                || Path.GetFileName(file) is "test" or "publish")
            .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(folder => folder is "node_modules" or "artifacts" or "obj" or "bin"))
            .ToList();

        Assert.NotEmpty(files);
        Assert.Empty(files.SelectMany(file => File.ReadLines(Path.Combine(root, file))
            .Select((line, index) => (Text: line, Place: $"{file}:{index + 1}"))
            .Where(line => line.Text.Length > Columns)
            .Select(line => line.Place)));
    }
}
