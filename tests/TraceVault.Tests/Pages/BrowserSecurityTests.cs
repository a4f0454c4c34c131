using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Pages;

namespace TraceVault.Tests.Pages;

public class BrowserSecurityTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Theory]
    [InlineData("/auth/login")]
    [InlineData("/me/proxy/")]
    [InlineData("/me/tokens")]
    [InlineData("/nothing-here")]
    [InlineData("/api/v1/me")]
    public async Task No_answer_can_be_framed_run_a_foreign_script_or_be_guessed_at(string path)
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();

        using var answer = await browser.GetAsync(path);

        var policy = answer.Headers.GetValues("content-security-policy").Single();
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.Contains("default-src 'none'", policy);
        Assert.DoesNotContain("unsafe", policy);
        Assert.Equal("DENY", answer.Headers.GetValues("x-frame-options").Single());
        Assert.Equal("nosniff", answer.Headers.GetValues("x-content-type-options").Single());
        Assert.Equal("same-origin", answer.Headers.GetValues("referrer-policy").Single());
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("\\\\evil.example")]
    [InlineData("/\t/evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/a\r\nset-cookie: x=y")]
    [InlineData("evil.example")]
    public async Task A_sign_in_leads_to_a_page_of_ours_whatever_the_link_said(string target)
    {
        await using var server = await TestServer.StartAsync();
        using (var first = new PageClient(server.Url))
        {
            await first.SetUpAsync();
        }

        using var browser = new PageClient(server.Url);
        using var answer = await browser.LogInAsync(returnTo: target);

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal(ReturnTarget.Start, answer.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Whoever_is_not_signed_in_signs_in_and_comes_back()
    {
        await using var server = await TestServer.StartAsync();
        using (var first = new PageClient(server.Url))
        {
            await first.SetUpAsync();
        }

        using var browser = new PageClient(server.Url);
        using var away = await browser.GetAsync("/me/proxy/?tool=python");
        Assert.Equal("/auth/login?return_to=%2Fme%2Fproxy%2F%3Ftool%3Dpython", away.Headers.Location!.OriginalString);
        using var back = await browser.LogInAsync(returnTo: "/me/proxy/?tool=python");

        Assert.Equal("/me/proxy/?tool=python", back.Headers.Location!.OriginalString);
        Assert.Contains("import Anthropic", await browser.ReadAsync("/me/proxy/?tool=python"));
    }

    [Fact]
    public async Task A_session_that_somebody_else_put_into_the_browser_is_not_the_one_after_the_sign_in()
    {
        await using var server = await TestServer.StartAsync();
        var planted = await server.SetUpAsync();
        using var browser = new PageClient(server.Url) { Session = planted };

        using var answer = await browser.LogInAsync();

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.NotEqual(planted, browser.Session);
        using var attacker = await server.ApiAsync(HttpMethod.Get, "/api/v1/me", planted);
        Assert.Equal(HttpStatusCode.Unauthorized, attacker.StatusCode);
    }

    [Fact]
    public async Task A_cookie_opens_neither_the_api_nor_the_proxy_and_a_header_opens_no_page()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();

        using var api = await browser.GetAsync("/api/v1/me");
        using var proxy = await browser.GetAsync("/proxy/anthropic/v1/models");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/me/proxy/")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", browser.Session) }
        };
        using var page = await server.Client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, api.StatusCode);
        Assert.Equal("missing_token", proxy.Headers.GetValues("x-tracevault-error").Single());
        Assert.DoesNotContain("Your proxy", await page.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task A_session_that_was_ended_by_somebody_is_told_of_at_the_sign_in_and_nobody_else_is()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();
        using var ended = await server.ApiAsync(HttpMethod.Delete, "/api/v1/me/sessions", await server.LogInAsync());

        using var away = await browser.GetAsync("/me/tokens");
        var told = await browser.ReadAsync(away.Headers.Location!.OriginalString);
        using var back = await browser.LogInAsync(returnTo: "/me/tokens");

        Assert.Equal("/auth/login?return_to=%2Fme%2Ftokens&ended", away.Headers.Location!.OriginalString);
        Assert.Contains("Your session has ended. Sign in again.", told);
        Assert.Equal("/me/tokens", back.Headers.Location!.OriginalString);
        Assert.DoesNotContain("has ended", await browser.ReadAsync("/auth/login?ended")); // signed in
        using var stale = new PageClient(server.Url) { Session = "tvs_of-another-time" };
        Assert.Contains("has ended", await stale.ReadAsync("/auth/login"));
        using var stranger = new PageClient(server.Url);
        Assert.DoesNotContain("has ended", await stranger.ReadAsync("/auth/login"));
    }

    [Fact]
    public async Task A_right_setup_token_need_not_be_pasted_again_and_nothing_else_that_is_secret_comes_back()
    {
        const string Pasted = "another-secret-pasted-by-mistake", Short = "short";
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);

        using var wrong = await browser.SubmitAsync(
            "/auth/setup", "/auth/setup", ("setup_token", Pasted), ("email", TestServer.Email), ("password", TestServer.Password));
        using var right = await browser.SubmitAsync(
            "/auth/setup", "/auth/setup", ("setup_token", TestServer.SetupToken), ("email", TestServer.Email), ("password", Short));
        var (first, second) = (await wrong.Content.ReadAsStringAsync(Cancel), await right.Content.ReadAsStringAsync(Cancel));

        Assert.DoesNotContain(Pasted, first);
        Assert.DoesNotContain(TestServer.Password, first);
        Assert.Contains($"value=\"{TestServer.SetupToken}\"", second);
        Assert.DoesNotContain($"value=\"{Short}\"", second);
        Assert.DoesNotContain(TestServer.SetupToken, await browser.ReadAsync("/auth/setup"));
    }

    [Fact]
    public async Task The_session_cookie_is_out_of_reach_of_scripts_and_of_foreign_forms()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);

        using var answer = await browser.SubmitAsync("/auth/setup", "/auth/setup",
            ("setup_token", TestServer.SetupToken), ("email", TestServer.Email), ("password", TestServer.Password));

        var cookie = answer.Headers.GetValues("set-cookie").Single(value => value.StartsWith("tv_session=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("path=/", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Over_https_the_cookies_are_secure_and_the_browser_is_told_to_stay_with_https()
    {
        await using var server = await TestServer.StartAsync(
            settings: ["--PublicUrl=https://vault.example.com", "--TrustedProxies=127.0.0.1"]);
        using var plain = await server.Client.GetAsync("/healthz", Cancel);

        using var answer = await SetUpBehindProxyAsync(server);

        Assert.All(
            answer.Headers.GetValues("set-cookie"), cookie => Assert.Matches("^__Host-tv_(session|form)=.*; path=/;.*secure", cookie));
        Assert.All(
            answer.Headers.GetValues("set-cookie"), cookie => Assert.DoesNotContain("domain=", cookie, StringComparison.OrdinalIgnoreCase));
        Assert.StartsWith("max-age=", answer.Headers.GetValues("strict-transport-security").Single());
        Assert.False(plain.Headers.Contains("strict-transport-security"));
    }

    [Fact]
    public async Task The_session_cookie_is_secure_where_people_use_https_though_the_proxy_in_front_is_not_trusted()
    {
        await using var server = await TestServer.StartAsync(settings: "--PublicUrl=https://vault.example.com");

        using var answer = await SetUpBehindProxyAsync(server);

        Assert.Contains(
            "; secure",
            answer.Headers.GetValues("set-cookie").Single(cookie => cookie.StartsWith("__Host-tv_session=", StringComparison.Ordinal)));
    }

    /// <summary>
    /// Another host of the same domain can set any cookie but one of this kind. With any other kind it could sign a visitor in as somebody
    /// else.
    /// </summary>
    [Fact]
    public async Task Over_https_a_cookie_that_another_host_can_set_signs_nobody_in()
    {
        await using var server = await TestServer.StartAsync(settings: "--PublicUrl=https://vault.example.com");
        using var setUp = await SetUpBehindProxyAsync(server);
        var session = setUp.Headers.GetValues("set-cookie")
            .Single(cookie => cookie.StartsWith("__Host-tv_session=", StringComparison.Ordinal)).Split(';')[0];

        var statuses = new List<HttpStatusCode>();
        foreach (var cookie in (string[])[session, session["__Host-".Length..]])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/me/sessions") { Headers = { Host = "vault.example.com" } };
            request.Headers.Add("cookie", cookie);
            using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
            using var proxy = new HttpClient(handler) { BaseAddress = server.Url };
            using var answer = await proxy.SendAsync(request, Cancel);
            statuses.Add(answer.StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.SeeOther], statuses);
    }

    /// <summary>Every address is then that of the proxy: a thief's device would seem to be where the visitor is.</summary>
    [Fact]
    public async Task Behind_a_proxy_that_is_not_trusted_no_device_is_said_to_be_near()
    {
        await using var server = await TestServer.StartAsync(settings: "--PublicUrl=https://vault.example.com");
        using var setUp = await SetUpBehindProxyAsync(server);
        var begun = await new Devices.DeviceClient(server).BeginAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/auth/device?user_code={begun["user_code"]}");
        request.Headers.Host = "vault.example.com";
        request.Headers.Add("cookie", setUp.Headers.GetValues("set-cookie")
            .Single(cookie => cookie.StartsWith("__Host-tv_session=", StringComparison.Ordinal)).Split(';')[0]);

        using var answer = await server.Client.SendAsync(request, Cancel);
        var page = await answer.Content.ReadAsStringAsync(Cancel);

        Assert.Contains(begun["user_code"], page);
        Assert.DoesNotContain("the same as yours", page);
        Assert.DoesNotContain("not the address of your browser", page);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_itself_not_only_the_cookie()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();
        var session = browser.Session!;

        using var answer = await browser.SubmitAsync("/me/sessions", "/auth/logout");

        Assert.Equal("/auth/login", answer.Headers.Location!.OriginalString);
        Assert.Null(browser.Session);
        using var api = await server.ApiAsync(HttpMethod.Get, "/api/v1/me", session);
        Assert.Equal(HttpStatusCode.Unauthorized, api.StatusCode);
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_address_look_the_same_and_too_many_say_when_to_come_back()
    {
        await using var server = await TestServer.StartAsync(clock: new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        using (var first = new PageClient(server.Url))
        {
            await first.SetUpAsync();
        }

        using var browser = new PageClient(server.Url);
        using var wrong = await browser.LogInAsync("not the password at all");
        using var unknown = await browser.LogInAsync(email: "nobody@example.com");

        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal(
            WithoutTokens(await wrong.Content.ReadAsStringAsync(Cancel), TestServer.Email),
            WithoutTokens(await unknown.Content.ReadAsStringAsync(Cancel), "nobody@example.com"));
        for (var i = 0; i < 9; i++)
        {
            using var again = await browser.LogInAsync("not the password at all");
            Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);
        }

        using var refused = await browser.LogInAsync();
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Contains("Try again in 15 minutes", await refused.Content.ReadAsStringAsync(Cancel));
    }

    /// <summary>As through a proxy that speaks https to the browser and http to the server.</summary>
    private static async Task<HttpResponseMessage> SetUpBehindProxyAsync(TestServer server)
    {
        using var proxy = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = server.Url
        };
        proxy.DefaultRequestHeaders.Host = "vault.example.com";
        proxy.DefaultRequestHeaders.Add("x-forwarded-proto", "https");
        using var form = await proxy.GetAsync("/auth/setup", Cancel);
        using var content = new FormUrlEncodedContent(
        [
            new("form_token", PageClient.FormToken(await form.Content.ReadAsStringAsync(Cancel))),
            new("setup_token", TestServer.SetupToken), new("email", TestServer.Email), new("password", TestServer.Password),
        ]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/auth/setup") { Content = content };
        request.Headers.Add("cookie", form.Headers.GetValues("set-cookie").Single().Split(';')[0]);
        var answer = await proxy.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return answer;
    }

    private static string WithoutTokens(string page, string email) =>
        page.Replace(PageClient.FormToken(page), "", StringComparison.Ordinal).Replace(email, "", StringComparison.Ordinal);
}
