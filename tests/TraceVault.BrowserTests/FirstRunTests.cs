using System.Text.RegularExpressions;

namespace TraceVault.BrowserTests;

/// <summary>The first user's way in, from the server's own output.</summary>
public sealed partial class FirstRunTests(SystemChromium chromium)
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task The_printed_link_and_token_make_the_owner(bool javaScript)
    {
        await using var database = await TestDatabase.CreateAsync("sqlite"); // for its folder
        await using var server = ServerProcess.Start(new Dictionary<string, string> { ["TRACEVAULT_DATA_DIR"] = Path.Combine(database.DataDirectory, "data") });
        var token = await server.RestOfLineAsync("Setup token: ", Patience.Cancel);
        var link = new Uri(PrintedLink().Match(server.Output).Value);
        await using var profile = await chromium.NewProfileAsync(link, javaScript);
        var page = await profile.NewPageAsync();

        await page.GotoAsync(link.AbsoluteUri);
        await page.ExpectHeadingAsync("Set up this server");
        await page.FillAsync(("Setup token", token), ("E-mail address", "ada@example.com"), ("Your name (optional)", "Ada"), ("Password", "correct horse battery staple"));
        await page.PressAsync("Create the owner");

        await page.WaitForURLAsync("**/me/proxy/");
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_wrong_token_is_said_beside_its_field(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAsync(chromium, javaScript);
        await rig.GoAsync("/");
        await rig.Page.FillAsync(("Setup token", "guessed"), ("E-mail address", "ada@example.com"), ("Password", TestServer.Password));
        await rig.Page.PressAsync("Create the owner");

        await Assertions.Expect(rig.Page.GetByLabel("Setup token")).ToHaveAccessibleDescriptionAsync(new Regex("^The setup token is wrong"));
        await Assertions.Expect(rig.Page.GetByLabel("E-mail address")).ToHaveValueAsync("ada@example.com");
        await Assertions.Expect(rig.Page.GetByLabel("Password")).ToHaveValueAsync("");
    }

    [GeneratedRegex(@"http://\S+/auth/setup\S*")]
    private static partial Regex PrintedLink();
}
