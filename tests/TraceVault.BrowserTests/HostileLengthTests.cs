using System.Net.Http.Json;
using System.Text.Json;

namespace TraceVault.BrowserTests;

/// <summary>Addresses and names as long as they may be, in one unbroken word: they break, and nothing else gives way.</summary>
public sealed class HostileLengthTests(SystemChromium chromium)
{
    private static readonly string Word = new('w', 63);
    private static readonly string Address = $"{Word}@{Word}.example";

    private static readonly Screen[] Screens = [Screen.Narrowest, Screen.Phone, Screen.Desktop, new("wide", 1440, 900)];

    [Fact]
    public async Task No_page_scrolls_sideways_and_no_table_hides_a_column()
    {
        await using var rig = await BrowserRig.StartAsync(chromium);
        await rig.SignInAsync();
        await InviteAsync(rig, Address);
        await using var profile = await rig.NewProfileAsync();
        var colleague = await profile.NewPageAsync();
        await colleague.GotoAsync(await InviteAsync(rig, "x" + Address));
        await AssertFitsAsync(colleague, "the invitation");
        await colleague.FillAsync(("Your name (optional)", Word + Word), ("Password", "seven calm otters swim"));
        await colleague.PressAsync("Join");
        await colleague.ExpectHeadingAsync("Your proxy");
        rig.Server.Client.DefaultRequestHeaders.UserAgent.ParseAdd(Word + Word);
        await rig.Server.LogInAsync();
        await rig.GoAsync("/me/tokens");
        await rig.Page.MakeTokenAsync(Word);
        await AssertFitsAsync(rig.Page, "the new token");
        var device = await Device.BeginAsync(rig);

        foreach (var path in (string[])[
            "/me/sessions", "/me/tokens", "/admin/users", "/admin/audit", $"/auth/device?user_code={device.Code}", "/nothing-here"])
        {
            await rig.GoAsync(path);
            await AssertFitsAsync(rig.Page, path);
        }

        await rig.GoAsync("/admin/users");
        await rig.Page.GetByRole(AriaRole.Link, new() { Name = $"Manage x{Address}" }).ClickAsync();
        await AssertFitsAsync(rig.Page, "the member");
        await rig.Page.GetByRole(AriaRole.Link, new() { Name = "Create a reset link" }).ClickAsync();
        await AssertFitsAsync(rig.Page, "the question");
        await rig.Page.PressAsync("Create a reset link");
        await AssertFitsAsync(rig.Page, "the link");
        foreach (var path in (string[])["/me/proxy/", "/me/sessions", "/me/password"]) // the long address is one's own there
        {
            await colleague.GotoAsync(path);
            await AssertFitsAsync(colleague, path);
        }
    }

    [Fact]
    public async Task Dates_badges_and_short_names_stay_whole_beside_them()
    {
        await using var rig = await BrowserRig.StartAsync(chromium);
        rig.Server.Client.DefaultRequestHeaders.UserAgent.ParseAdd("claude-code/2.1.330");
        await rig.SignInAsync();
        await InviteAsync(rig, Address);
        rig.Server.Client.DefaultRequestHeaders.UserAgent.Clear();
        rig.Server.Client.DefaultRequestHeaders.UserAgent.ParseAdd(Word);
        await rig.Server.LogInAsync();
        foreach (var path in (string[])["/me/sessions", "/admin/users", "/admin/audit"])
        {
            await rig.GoAsync(path);
            foreach (var screen in Screens)
            {
                await screen.ShowAsync(rig.Page);
                Assert.Empty(await rig.Page.EvaluateAsync<string[]>(
                    "() => [...document.querySelectorAll('main time, main .badge, main .whole')]"
                    + ".filter(each => each.getClientRects().length > 1).map(each => each.outerHTML)"));
            }
        }
    }

    private static async Task AssertFitsAsync(IPage page, string what)
    {
        foreach (var screen in Screens)
        {
            await screen.ShowAsync(page);
            Assert.Equal((what, screen.Width), (what, await page.EvaluateAsync<int>("document.documentElement.scrollWidth")));
            Assert.Empty(await page.EvaluateAsync<string[]>("""
                () => [...document.querySelectorAll('main *:not(pre, pre *, .unseen, thead, thead *)')]
                    .filter(each => each.getBoundingClientRect().right > innerWidth
                """ + """
                 || each.matches('table, .card') && each.scrollWidth > each.clientWidth)
                    .map(each => each.outerHTML.slice(0, 200))
                """));
        }
    }

    /// <returns>The invitation's link.</returns>
    private static async Task<string> InviteAsync(BrowserRig rig, string email)
    {
        using var answer = await rig.Server.ApiAsync(
            HttpMethod.Post, "/api/v1/invites", await rig.Server.LogInAsync(), new { email, role = "admin" });
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("url").GetString()!;
    }
}
