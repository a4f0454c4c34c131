namespace TraceVault.BrowserTests;

/// <summary>What holds for every page in each of its states.</summary>
public sealed class EveryPageTests(SystemChromium chromium)
{
    private static readonly ColorScheme[] Colours = [ColorScheme.Light, ColorScheme.Dark];

    [Theory, MemberData(nameof(Scenes.Names), MemberType = typeof(Scenes))]
    public async Task Everybody_can_use_it_in_light_and_dark_and_by_keyboard(string scene)
    {
        await using var rig = await BrowserRig.StartAsync(chromium);
        await rig.ShowAsync(scene);
        foreach (var colours in Colours)
        {
            await rig.Page.EmulateMediaAsync(new() { ColorScheme = colours });
            await rig.Page.AssertAccessibleAsync();
        }

        var stops = await rig.Page.TabStopsAsync();
        Assert.NotEmpty(stops);
        Assert.Empty(stops.Where(stop => !stop.IsSeen).Select(stop => stop.Html));
        Assert.Equal(stops.OrderBy(stop => stop.Place).Select(stop => stop.Html), stops.Select(stop => stop.Html));
    }

    /// <remarks>The pictures are for people to look at: what is ugly fails no test.</remarks>
    [Theory, MemberData(nameof(Scenes.Names), MemberType = typeof(Scenes))]
    public async Task It_fits_every_screen_and_the_browser_finds_nothing_wrong(string scene)
    {
        await using var rig = await BrowserRig.StartAsync(chromium);
        await rig.ShowAsync(scene);
        await rig.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        Assert.Empty(rig.Complaints);

        foreach (var screen in (Screen[])[Screen.Narrowest, Screen.Phone, Screen.Desktop, Screen.Wall])
        {
            await screen.ShowAsync(rig.Page);
            Assert.Equal(screen.Width, await rig.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
            foreach (var colours in Colours.Where(_ => screen.IsPictured))
            {
                await rig.Page.EmulateMediaAsync(new() { ColorScheme = colours });
                await rig.Page.KeepAsync($"{scene}-{screen.Name}-{colours}");
            }
        }
    }
}
