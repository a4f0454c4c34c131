using System.Text.RegularExpressions;
using TraceVault.FakeAnthropic;

namespace TraceVault.BrowserTests;

/// <summary>The first user's way in, from the server's own output.</summary>
public sealed partial class FirstRunTests(SystemChromium chromium)
{
    /// <remarks>1 Start and read the link. 2 Set up. 3 Store the key. 4 Make a token. 5 Use both, from another program.</remarks>
    [Theory, InlineData(true), InlineData(false)]
    public async Task From_the_printed_link_to_a_stored_key_to_a_streamed_answer(bool javaScript)
    {
        await using var upstream = await FakeAnthropicServer.StartAsync(new() { ApiKey = TestServer.AnthropicKey }, Patience.Cancel);
        await using var database = await TestDatabase.CreateEmptyAsync("sqlite"); // for its folder
        await using var server = ServerProcess.Start(new Dictionary<string, string> // 1
        {
            ["TRACEVAULT_DATA_DIR"] = Path.Combine(database.DataDirectory, "data"),
            ["TRACEVAULT_ANTHROPIC_URL"] = upstream.Url.AbsoluteUri,
        });
        var setupToken = await server.RestOfLineAsync("Setup token: ", Patience.Cancel);
        var link = new Uri(PrintedLink().Match(server.Output).Value);
        await using var profile = await chromium.NewProfileAsync(link, javaScript);
        var page = await profile.NewPageAsync();

        await page.GotoAsync(link.AbsoluteUri); // 2
        Assert.Equal("#token=" + setupToken, link.Fragment);
        var token = page.GetByLabel("Setup token");
        if (javaScript)
        {
            await Assertions.Expect(token).ToHaveValueAsync(setupToken);
            await Assertions.Expect(page.GetByLabel("E-mail address")).ToBeFocusedAsync();
            Assert.Equal(link.GetLeftPart(UriPartial.Path), page.Url);
            await page.ReloadAsync(); // as from the browser's history, which does not hold the token
            await Assertions.Expect(token).ToHaveValueAsync("");
            await page.GotoAsync("about:blank");
            await page.GotoAsync(link.AbsoluteUri);
        }
        else
        {
            await Assertions.Expect(token).ToHaveValueAsync("");
            await page.FillAsync(("Setup token", setupToken));
        }

        await page.FillAsync(("E-mail address", "ada@example.com"), ("Your name (optional)", "Ada"), ("Password", TestServer.Password));
        await page.PressAsync("Create the owner");
        await page.WaitForURLAsync("**/me/proxy/");
        await Assertions.Expect(page.GetByRole(AriaRole.Banner)).ToContainTextAsync("ada@example.com");

        await page.StoreKeyAsync(); // 3
        await page.ExpectStatusAsync("The key is stored.");
        var proxy = await page.Locator("#base-url").InnerTextAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Tokens", Exact = true }).ClickAsync(); // 4
        await page.MakeTokenAsync("Build server");
        var answer = await StreamAsync(proxy, await page.Locator("#token").InnerTextAsync()); // 5
        Assert.StartsWith("event: message_start\n", answer);
        Assert.Contains("\nevent: message_stop\n", answer);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_wrong_token_is_said_beside_its_field(bool javaScript)
    {
        await using var rig = await BrowserRig.StartAsync(chromium, javaScript);
        await rig.GoAsync("/");
        await rig.Page.FillAsync(("Setup token", "guessed"), ("E-mail address", "ada@example.com"), ("Password", TestServer.Password));
        await rig.Page.PressAsync("Create the owner");

        await Assertions.Expect(rig.Page.GetByLabel("Setup token")).ToHaveAccessibleDescriptionAsync(
            new Regex("^The setup token is wrong"));
        await Assertions.Expect(rig.Page.GetByLabel("E-mail address")).ToHaveValueAsync("ada@example.com");
        await Assertions.Expect(rig.Page.GetByLabel("Password")).ToHaveValueAsync("");
    }

    /// <summary>The link of a server that has its first user by now.</summary>
    [Fact]
    public async Task A_link_that_was_used_leaves_no_token_in_the_address()
    {
        await using var rig = await BrowserRig.StartAsync(chromium);
        await rig.Server.SetUpAsync();
        await rig.GoAsync("/auth/setup#token=used");
        await rig.Page.WaitForURLAsync("**/auth/login");
        Assert.DoesNotContain("used", rig.Page.Url);
    }

    private static async Task<string> StreamAsync(string proxy, string token)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, proxy + "/v1/messages")
        {
            Headers = { { "anthropic-version", "2023-06-01" }, { "authorization", "Bearer " + token } },
            Content = new StringContent(
                """{"model":"claude-haiku-4-5","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"Say hello."}]}"""),
        };
        using var answer = await client.SendAsync(request, Patience.Cancel);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync(Patience.Cancel);
    }

    [GeneratedRegex(@"http://\S+/auth/setup\S*")]
    private static partial Regex PrintedLink();
}
