namespace TraceVault.BrowserTests;

/// <summary>What holds for every page in each of its states.</summary>
public sealed class EveryPageTests(SystemChromium chromium)
{
    private static readonly ColorScheme[] Colours = [ColorScheme.Light, ColorScheme.Dark];

    [Theory, MemberData(nameof(Scenes.Names), MemberType = typeof(Scenes))]
    public async Task Everybody_can_use_it_in_light_and_dark(string scene)
    {
        await using var rig = await BrowserRig.StartAsync(chromium);
        await rig.ShowAsync(scene);
        foreach (var colours in Colours)
        {
            await rig.Page.EmulateMediaAsync(new() { ColorScheme = colours });
            await rig.Page.AssertAccessibleAsync();
        }
    }

    [Theory, MemberData(nameof(Scenes.Names), MemberType = typeof(Scenes))]
    public async Task It_fits_every_screen_from_a_watch_to_a_wall(string scene)
    {
        await using var rig = await BrowserRig.StartAsync(chromium);
        await rig.ShowAsync(scene);
        foreach (var screen in (Screen[])[Screen.Narrowest, Screen.Phone, Screen.Desktop, Screen.Wall])
        {
            await screen.ShowAsync(rig.Page);
            Assert.Equal(screen.Width, await rig.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        }
    }

    /// <summary>For people to look at: what is ugly fails no test.</summary>
    [Theory, MemberData(nameof(Scenes.Names), MemberType = typeof(Scenes))]
    public async Task Its_picture_is_kept(string scene)
    {
        await using var rig = await BrowserRig.StartAsync(chromium);
        await rig.ShowAsync(scene);
        foreach (var screen in (Screen[])[Screen.Phone, Screen.Desktop])
        {
            await screen.ShowAsync(rig.Page);
            foreach (var colours in Colours)
            {
                await rig.Page.EmulateMediaAsync(new() { ColorScheme = colours });
                await rig.Page.KeepAsync($"{scene}-{screen.Name}-{colours}");
            }
        }
    }

    [Theory, MemberData(nameof(Scenes.Names), MemberType = typeof(Scenes))]
    public async Task The_browser_finds_nothing_wrong(string scene)
    {
        await using var rig = await BrowserRig.StartAsync(chromium);
        await rig.ShowAsync(scene);
        await rig.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);

        Assert.Empty(rig.Complaints);
    }

    [Theory, MemberData(nameof(Scenes.Names), MemberType = typeof(Scenes))]
    public async Task Each_stop_of_the_tabulator_is_seen_and_follows_the_text(string scene)
    {
        await using var rig = await BrowserRig.StartAsync(chromium);
        await rig.ShowAsync(scene);
        await rig.Page.FocusTopAsync();

        var stops = new List<TabStop>();
        while (await rig.Page.NextTabStopAsync() is { } stop && stops.Count < 100) stops.Add(stop);

        Assert.NotEmpty(stops);
        Assert.Empty(stops.Where(stop => !stop.IsSeen).Select(stop => stop.Html));
        Assert.Equal(stops.OrderBy(stop => stop.Place).Select(stop => stop.Html), stops.Select(stop => stop.Html));
    }
}
