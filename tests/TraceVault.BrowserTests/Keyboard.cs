using System.Text.Json;

namespace TraceVault.BrowserTests;

/// <summary>Something the tabulator key stops at.</summary>
/// <param name="Place">How many elements come before it in the page.</param>
/// <param name="IsSeen">Whether it lies in view, to the pixel, with an outline around it.</param>
internal sealed record TabStop(string Html, int Place, bool IsSeen);

/// <summary>Going through a page by keyboard alone.</summary>
/// <remarks>A date field has several stops, each of which the browser itself marks, out of reach of a page.</remarks>
internal static class Keyboard
{
    /// <summary>Every stop from the top of the page to its end.</summary>
    public static async Task<IReadOnlyList<TabStop>> TabStopsAsync(this IPage page)
    {
        const int Enough = 200; // a page that never lets go fails by its order
        await page.EvaluateAsync("() => { document.activeElement?.blur(); getSelection().setPosition(document.body, 0); }");
        var stops = new List<TabStop>();
        while (stops.Count < Enough && await page.NextTabStopAsync() is { } stop)
        {
            stops.Add(stop);
        }

        return stops;
    }

    /// <returns>Null behind the last stop.</returns>
    private static async Task<TabStop?> NextTabStopAsync(this IPage page)
    {
        await page.Keyboard.PressAsync("Tab");
        var stop = await page.EvaluateAsync<JsonElement?>("""
            () => {
              const at = document.activeElement;
              if (!at || at === document.body || at === document.documentElement) return null;
              const style = getComputedStyle(at), box = at.getBoundingClientRect();
              return {
                html: at.outerHTML.slice(0, 200),
                place: [...document.querySelectorAll('*')].indexOf(at),
                isSeen: (at.type === 'date' || style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2)
                  && box.width > 0 && box.height > 0 && box.left > -1 && box.top > -1
            """ + """
             && box.right < innerWidth + 1 && box.bottom < innerHeight + 1,
              };
            }
            """);
        return stop is { ValueKind: JsonValueKind.Object } found
            ? new(found.GetProperty("html").GetString()!, found.GetProperty("place").GetInt32(), found.GetProperty("isSeen").GetBoolean())
            : null;
    }
}
