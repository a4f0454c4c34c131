namespace TraceVault.BrowserTests;

/// <summary>Something the tabulator key stops at.</summary>
/// <param name="Place">How many elements stand before it in the page.</param>
/// <param name="IsSeen">Whether it lies in view, to the pixel, with an outline around it.</param>
internal sealed record TabStop(string Html, int Place, bool IsSeen);

/// <summary>Going through a page by keyboard alone.</summary>
internal static class Keyboard
{
    /// <summary>The next press of the tabulator key goes to the first stop, whatever the page itself had focused.</summary>
    public static Task FocusTopAsync(this IPage page) => page.EvaluateAsync("""
        () => {
          document.activeElement?.blur();
          getSelection().setPosition(document.body, 0);
        }
        """);

    /// <returns>Null behind the last stop.</returns>
    public static async Task<TabStop?> NextTabStopAsync(this IPage page)
    {
        await page.Keyboard.PressAsync("Tab");
        var stop = await page.EvaluateAsync<System.Text.Json.JsonElement?>("""
            () => {
              const at = document.activeElement;
              if (!at || at === document.body || at === document.documentElement) return null;
              const style = getComputedStyle(at), box = at.getBoundingClientRect();
              return {
                html: at.outerHTML.slice(0, 200),
                place: [...document.querySelectorAll('*')].indexOf(at),
                isSeen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
                  && box.width > 0 && box.height > 0 && box.left > -1 && box.top > -1 && box.right < innerWidth + 1 && box.bottom < innerHeight + 1,
              };
            }
            """);
        return stop is { ValueKind: System.Text.Json.JsonValueKind.Object } found
            ? new(found.GetProperty("html").GetString()!, found.GetProperty("place").GetInt32(), found.GetProperty("isSeen").GetBoolean())
            : null;
    }
}
