namespace TraceVault.BrowserTests;

/// <summary>Pictures of pages, kept as test output in <c>artifacts/test-results/screenshots</c>.</summary>
internal static class Screenshots
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../test-results/screenshots"));

    public static Task KeepAsync(this IPage page, string name) =>
        page.ScreenshotAsync(
            new() { Path = Path.Combine(Folder, name.ToLowerInvariant() + ".png"), FullPage = true, Caret = ScreenshotCaret.Hide });
}
