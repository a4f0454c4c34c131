using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;

namespace TraceVault.BrowserTests;

/// <summary>Lets axe-core look for what keeps people with disabilities from using a page.</summary>
internal static class Axe
{
    /// <summary>All of its rules, best practices included, in the colours that the page shows now.</summary>
    public static async Task AssertAccessibleAsync(this IPage page) => AssertNone(await page.RunAxe());

    /// <summary>The one rule that depends on the colours.</summary>
    public static async Task AssertLegibleAsync(this IPage page) =>
        AssertNone(await page.RunAxe(new AxeRunOptions { RunOnly = RunOnlyOptions.Rules("color-contrast") }));

    private static void AssertNone(AxeResult result)
    {
        Assert.NotEmpty(result.Passes);
        var violations = result.Violations.Select(
            found => $"{found.Help} ({found.Id}): {string.Join(' ', found.Nodes.Select(node => node.Html))}").ToList();
        Assert.True(violations.Count == 0, string.Join('\n', violations)); // the whole text: Assert.Empty cuts it short
    }
}
