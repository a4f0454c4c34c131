namespace TraceVault.BrowserTests;

/// <summary>What holds for every page in each of its states.</summary>
public sealed class EveryPageTests(SystemChromium chromium)
{
    private static readonly ColorScheme[] Colours = [ColorScheme.Light, ColorScheme.Dark];

    /// <remarks>
    /// 1 People with disabilities, in light and dark. 2 By keyboard. 3 On every screen; the pictures are for people to look at, because
    /// what is ugly fails no test, and by day there is one of each page. 4 The browser finds nothing wrong. One test, because the way to a
    /// page takes longer than to look at it.
    /// </remarks>
    [Theory, MemberData(nameof(Scenes.Names), MemberType = typeof(Scenes))]
    public async Task Everybody_can_use_it_on_every_screen(string scene)
    {
        await using var rig = await BrowserRig.StartAsync(chromium);
        await rig.ShowAsync(scene);
        await rig.Page.AssertAccessibleAsync(); // 1
        await rig.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await rig.Page.AssertLegibleAsync();

        var stops = await rig.Page.TabStopsAsync(); // 2
        Assert.NotEmpty(stops);
        Assert.Empty(stops.Where(stop => !stop.IsSeen).Select(stop => stop.Html));
        Assert.Equal(stops.OrderBy(stop => stop.Place).Select(stop => stop.Html), stops.Select(stop => stop.Html));

        foreach (var screen in (Screen[])[Screen.Narrowest, Screen.Phone, Screen.Desktop]) // 3
        {
            await screen.ShowAsync(rig.Page);
            Assert.Equal(screen.Width, await rig.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
            foreach (var colours in Colours.Where(
                colours => screen.IsPictured && (Nightly.IsOn ? colours is ColorScheme.Light || screen == Screen.Desktop
                    : colours is ColorScheme.Light && screen == Screen.Desktop)))
            {
                await rig.Page.EmulateMediaAsync(new() { ColorScheme = colours });
                await rig.Page.KeepAsync($"{scene}-{screen.Name}-{colours}");
            }
        }

        Assert.Empty(rig.Complaints); // 4
    }

    /// <remarks>Two pages, not all: such a screen takes a machine without a graphics card seconds to paint.</remarks>
    [Theory, InlineData("proxy-tested"), InlineData("people")]
    public async Task It_fits_a_wall(string scene)
    {
        await using var rig = await BrowserRig.StartAsync(chromium);
        await rig.ShowAsync(scene);
        await Screen.Wall.ShowAsync(rig.Page);

        Assert.Equal(Screen.Wall.Width, await rig.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
    }
}
