namespace TraceVault.BrowserTests;

/// <summary>The audit log, which its filters narrow with and without scripts.</summary>
public sealed class AuditPageTests(SystemChromium chromium)
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task A_filter_leaves_what_it_names(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAtAsync(chromium, "/me/proxy/", javaScript);
        await rig.Page.StoreKeyAsync();
        await rig.GoAsync("/admin/audit");
        var rows = rig.Page.GetByRole(AriaRole.Region, new() { Name = "Events" }).GetByRole(AriaRole.Row);
        await Assertions.Expect(rows).Not.ToHaveCountAsync(2);
        await rig.Page.GetByLabel("What", new() { Exact = true }).SelectOptionAsync("key.");
        await rig.Page.PressAsync("Filter");

        await Assertions.Expect(rows).ToHaveCountAsync(2); // the head and one event
        await rig.Page.GetByRole(AriaRole.Link, new() { Name = "Show everything" }).ClickAsync();
        await Assertions.Expect(rows).Not.ToHaveCountAsync(2);
    }
}
