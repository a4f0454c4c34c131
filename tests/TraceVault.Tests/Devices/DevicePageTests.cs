using System.Net;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Accounts;
using TraceVault.Devices;
using TraceVault.Storage;

namespace TraceVault.Tests.Devices;

public sealed class DevicePageTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private DeviceClient _device = null!;
    private PageVisitor _owner = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _device = new DeviceClient(_server);
        _owner = new PageVisitor(_server).SignedIn(await _server.SetUpAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _owner.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task The_page_shows_who_asks_and_decides_nothing_by_itself()
    {
        _server.Client.DefaultRequestHeaders.UserAgent.ParseAdd("claude-code/2.1.330");
        var begun = await _device.BeginAsync();

        var (status, html, _) = await _owner.GetAsync($"/auth/device?user_code={begun["user_code"]}");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains(begun["user_code"], html);
        Assert.Contains("claude-code/2.1.330", html);
        Assert.Contains("127.0.0.1 (the same as yours)", html);
        Assert.Contains("Approve only what you started yourself", html);
        Assert.Equal("authorization_pending", (await _device.PollAsync(begun)).Error);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)] // the browser chose the other of the two
    [InlineData("127.0.0.2", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("192.0.2.7", false)]
    [InlineData("::ffff:192.0.2.7", false)]
    [InlineData(null, false)]
    public async Task All_addresses_of_this_machine_are_the_same_place(string? address, bool isSame)
    {
        var begun = await _device.BeginAsync();
        await using (var connection = await _server.Services.GetRequiredService<Database>()
            .OpenWriterAsync(Patience.Cancel))
        {
            await connection.ExecuteAsync("update device_authorizations set address = @address", new { address });
        }

        var (_, html, _) = await _owner.GetAsync($"/auth/device?user_code={begun["user_code"]}");

        Assert.Contains(isSame ? "(the same as yours)" : "(not the address of your browser)", html);
    }

    [Fact]
    public async Task Whoever_approves_without_a_key_is_told_that_one_is_missing()
    {
        Assert.Contains("You have not stored an Anthropic key yet", await ApproveAsync());
        await _server.StoreKeyAsync(await _server.LogInAsync());
        Assert.DoesNotContain("no Anthropic key", await ApproveAsync());

        async Task<string> ApproveAsync()
        {
            var code = (await _device.BeginAsync())["user_code"];
            return (await _owner.PostAsync(
                "/auth/device", $"/auth/device?user_code={code}", ("user_code", code), ("decision", "approve"))).Html;
        }
    }

    [Fact]
    public async Task A_clients_name_cannot_write_into_the_page()
    {
        _server.Client.DefaultRequestHeaders.TryAddWithoutValidation("user-agent", "<script>alert(1)</script>\"'");
        var begun = await _device.BeginAsync();

        var (_, html, _) = await _owner.GetAsync($"/auth/device?user_code={begun["user_code"]}");

        Assert.Contains("&lt;script&gt;", html);
        Assert.DoesNotContain("<script>alert", html);
    }

    [Fact]
    public async Task A_visitor_signs_in_first_and_comes_back_to_the_code()
    {
        using var visitor = new PageVisitor(_server);
        var begun = await _device.BeginAsync();
        var path = $"/auth/device?user_code={begun["user_code"]}";

        var sent = await visitor.GetAsync(path);
        var login = sent.Location!.OriginalString;
        var back = await visitor.PostAsync(
            "/auth/login", login, ("email", TestServer.Email), ("password", TestServer.Password), ("return_to", path));

        Assert.Equal($"/auth/login?return_to={Uri.EscapeDataString(path)}", login);
        Assert.Equal(path, back.Location!.OriginalString);
        await visitor.DecideAsync(begun["user_code"], "approve");
        Assert.Null((await _device.PollAsync(begun)).Error);
    }

    [Theory, InlineData("https://evil.example.com/"), InlineData("//evil.example.com/auth/device"), InlineData("/\\evil.example.com")]
    public async Task A_sign_in_on_the_way_leads_to_no_other_site(string target)
    {
        using var visitor = new PageVisitor(_server);
        var back = await visitor.PostAsync(
            "/auth/login",
            $"/auth/login?return_to={Uri.EscapeDataString(target)}",
            ("email", TestServer.Email),
            ("password", TestServer.Password),
            ("return_to", target));
        Assert.Equal("/me/proxy/", back.Location!.OriginalString);
    }

    [Fact]
    public async Task Nobody_approves_without_being_signed_in_or_with_a_forged_form()
    {
        using var visitor = new PageVisitor(_server);
        var begun = await _device.BeginAsync();
        (string, string)[] form = [("user_code", begun["user_code"]), ("decision", "approve")];

        var stranger = await visitor.PostAsync("/auth/device", "/auth/login", form);
        var forged = await _owner.PostAsync("/auth/device", null, form);
        var link = await _owner.GetAsync($"/auth/device?user_code={begun["user_code"]}&decision=approve");

        Assert.Equal((HttpStatusCode.SeeOther, "/auth/login"), (stranger.Status, stranger.Location!.OriginalString));
        Assert.Equal(HttpStatusCode.BadRequest, forged.Status);
        Assert.Equal(HttpStatusCode.OK, link.Status);
        Assert.Equal("authorization_pending", (await _device.PollAsync(begun)).Error);
    }

    [Fact]
    public async Task A_code_is_typed_as_people_type()
    {
        var begun = await _device.BeginAsync();
        var letters = begun["user_code"].Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
        foreach (var typed in (string[])[
            letters, $" {letters[..4]} {letters[4..]} ", $"{letters[..2]}-{letters[2..]}", $"{letters[..4]}\u2013{letters[4..]}",
            $"{letters}\u200b", $"\ufeff{letters[..4]}\u2060{letters[4..]}", $"\u2068{letters}\u2069",
            $"{letters[..4]}\u2212{letters[4..]}", $"{letters[..4]}_{letters[4..]}", $"{letters[..4]}\u00ad\u00a0{letters[4..]}\ufe0f"])
        {
            Assert.Equal(HttpStatusCode.OK, (await _owner.GetAsync($"/auth/device?user_code={Uri.EscapeDataString(typed)}")).Status);
        }
    }

    [Theory,
        InlineData("AAAA-AAAA", HttpStatusCode.BadRequest),
        InlineData("BCDF", HttpStatusCode.BadRequest),
        InlineData("BCDF-GHJK", HttpStatusCode.NotFound)]
    public async Task A_wrong_code_says_what_to_do(string code, HttpStatusCode expected)
    {
        var (status, html, _) = await _owner.GetAsync($"/auth/device?user_code={code}");
        Assert.Equal(expected, status);
        Assert.Contains(expected == HttpStatusCode.NotFound ? "No device is waiting with this code" : "A code has eight letters", html);
        Assert.Contains("field-user_code", html);
    }

    [Fact]
    public async Task Guessing_codes_is_stopped_and_does_not_lock_the_sign_in()
    {
        var begun = await _device.BeginAsync();
        for (var i = 0; i < SignInThrottle.PerAccount; i++)
        {
            Assert.Equal(HttpStatusCode.NotFound, (await _owner.GetAsync($"/auth/device?user_code={UserCode.Create()}")).Status);
        }

        var (status, html, _) = await _owner.GetAsync($"/auth/device?user_code={begun["user_code"]}");
        var posted = await _owner.PostAsync("/auth/device", "/auth/device", ("user_code", begun["user_code"]), ("decision", "approve"));

        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests), (status, posted.Status));
        Assert.Contains("Too many failed attempts", html);
        Assert.NotEqual("", await _server.LogInAsync());
    }

    [Fact]
    public async Task Right_codes_in_between_give_no_further_guesses_and_the_sign_ins_of_the_address_are_not_counted()
    {
        var begun = await _device.BeginAsync();
        for (var i = 0; i < SignInThrottle.PerAccount; i++)
        {
            Assert.Equal(HttpStatusCode.NotFound, (await _owner.GetAsync($"/auth/device?user_code={UserCode.Create()}")).Status);
            Assert.Equal(
                i == SignInThrottle.PerAccount - 1 ? HttpStatusCode.TooManyRequests : HttpStatusCode.OK,
                (await _owner.GetAsync($"/auth/device?user_code={begun["user_code"]}")).Status);
        }

        await using var connection = await _server.Services.GetRequiredService<Database>().OpenWriterAsync(Patience.Cancel);
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>(
            "select coalesce(sum(failures), 0) from sign_in_failures where subject like 'address:%'"));
    }

    [Fact]
    public async Task A_link_on_another_site_fills_the_code_in_and_is_no_guess()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_server.Url, $"/auth/device?user_code={UserCode.Create()}"));
        request.Headers.Add("Cookie", $"tv_session={await _server.LogInAsync()}");
        request.Headers.Add("Sec-Fetch-Site", "cross-site");

        using var answer = await _server.Client.SendAsync(request, Patience.Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await using var connection = await _server.Services.GetRequiredService<Database>().OpenWriterAsync(Patience.Cancel);
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select coalesce(sum(failures), 0) from sign_in_failures"));
    }

    [Fact]
    public async Task A_device_is_decided_about_once()
    {
        var begun = await _device.BeginAsync();
        await _owner.DecideAsync(begun["user_code"], "refuse");

        var late = await _owner.PostAsync("/auth/device", "/auth/device", ("user_code", begun["user_code"]), ("decision", "approve"));

        Assert.Equal(HttpStatusCode.NotFound, late.Status);
        Assert.Equal("access_denied", (await _device.PollAsync(begun)).Error);
    }
}
