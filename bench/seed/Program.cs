using System.Globalization;
using TraceVault.Keys;
using TraceVault.Providers.Anthropic;

namespace TraceVault.Bench;

/// <summary>
/// Fills a new database, which the settings in the environment name, with users who are signed in and have a key: <c>seed COUNT KEY
/// TOKENS</c>. Their session tokens go into the file TOKENS, one a line.
/// </summary>
internal static class Program
{
    private static async Task Main(string[] args)
    {
        var count = int.Parse(args[0], CultureInfo.InvariantCulture);
        if (!ProviderKey.TryParse(args[1], AnthropicKeyRule.Problem, out var key, out var problem))
        {
            throw new ArgumentException(problem);
        }

        await using var app = await Seeding.PrepareAsync();
        await File.WriteAllLinesAsync(args[2], await Seeding.AddAsync(app, count, key));
    }
}
