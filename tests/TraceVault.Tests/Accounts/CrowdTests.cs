using System.Net;
using System.Net.Http.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Accounts;
using TraceVault.Accounts.Passwords;
using TraceVault.Tests.Members;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Accounts;

/// <summary>Many callers at once, honest or not, keep nobody else out.</summary>
[Collection(nameof(Alone))]
public class CrowdTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_crowd_that_knows_its_password_is_let_in_and_nothing_stays_counted(string engine)
    {
        await using var team = await Team.StartAsync(engine, passwordIterations: 20_000);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => team.LogInAsync(TestServer.Email, TestServer.Password)));

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        await using var connection = await team.Database.OpenAsync();
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select coalesce(sum(failures), 0) from sign_in_failures"));
    }

    /// <summary>An attempt that is refused unchecked is not counted, so that nothing has to be taken back.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Attempts_at_once_that_are_refused_are_not_counted(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var throttle = team.Server.Services.GetRequiredService<SignInThrottle>();
        var address = IPAddress.Parse("192.0.2.1");

        var admissions = await Task.WhenAll(
            Enumerable.Range(0, 40).Select(_ => Task.Run(() => throttle.EnterAsync("ada@example.com", address, Cancel), Cancel)));
        var admitted = admissions.Count(admission => admission.Wait is null);
        for (var i = 0; i < admitted; i++)
        {
            await throttle.SucceedAsync("ada@example.com", address, Cancel);
        }

        Assert.Equal(SignInThrottle.PerAccount, admitted);
        await using var connection = await team.Database.OpenAsync();
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select coalesce(sum(failures), 0) from sign_in_failures"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_right_password_of_a_disabled_account_is_throttled_too(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        Assert.Equal(204, await team.CallAsync(team.Owner, "POST", $"/api/v1/members/{ada.Id}/disable"));

        for (var i = 0; i < SignInThrottle.PerAccount; i++)
        {
            Assert.Equal(403, (await team.LogInAsync(ada.Email, Team.Password)).Status);
        }

        Assert.Equal(429, (await team.LogInAsync(ada.Email, Team.Password)).Status);
        var events = await team.AuditAsync("session.signed_in");
        Assert.Equal(SignInThrottle.PerAccount, events.Count(each => each == $"session.signed_in failed - {ada.Email} disabled"));
        Assert.Equal(1, events.Count(each => each == $"session.signed_in refused - {ada.Email} disabled"));
    }

    [Theory, InlineData("invite"), InlineData("reset")]
    public async Task Of_a_crowd_at_one_link_one_costs_a_hash(string kind)
    {
        const int Crowd = 24;
        await using var team = await Team.StartAsync("sqlite", passwordIterations: 300_000);
        var link = kind == "invite"
            ? await team.InviteAsync("ada@example.com", "member")
            : await team.ResetAsync((await team.JoinAsync("ada", "member")).Id);
        var browser = team.Browser();
        var form = PageClient.FormToken(await browser.ReadAsync(link));
        var passwords = team.Server.Services.GetRequiredService<PasswordHashes>();
        var one = await CostAsync(() => passwords.HashAsync(Team.Password, Cancel));

        var answers = Array.Empty<PageAnswer>();
        var all = await CostAsync(async () => answers = await Task.WhenAll(
            Enumerable.Range(0, Crowd).Select(_ => browser.PostAsync(link, ("form_token", form), ("password", Team.Password)))));

        Assert.Equal(
            [HttpStatusCode.SeeOther, .. Enumerable.Repeat(HttpStatusCode.NotFound, Crowd - 1)],
            answers.Select(answer => answer.Status).Order());
        Assert.True(all < one * Crowd / 2, $"{Crowd} took {all}, where one hash takes {one}");
    }

    [Fact]
    public async Task Of_a_crowd_at_the_set_up_one_costs_a_hash()
    {
        const int Crowd = 8; // fewer than the guesses of the token that are allowed
        await using var server = await TestServer.StartAsync(passwordIterations: 300_000);
        var passwords = server.Services.GetRequiredService<PasswordHashes>();
        var one = await CostAsync(() => passwords.HashAsync(Team.Password, Cancel));

        var answers = Array.Empty<HttpResponseMessage>();
        var all = await CostAsync(
            async () => answers = await Task.WhenAll(Enumerable.Range(0, Crowd).Select(i => server.Client.PostAsJsonAsync(
                "/api/v1/auth/setup",
                new { setup_token = TestServer.SetupToken, email = $"user{i}@example.com", password = Team.Password },
                Cancel))));

        Assert.Equal(
            [HttpStatusCode.Created, .. Enumerable.Repeat(HttpStatusCode.Conflict, Crowd - 1)],
            answers.Select(answer => answer.StatusCode).Order());
        Assert.True(all < one * Crowd / 2, $"{Crowd} took {all}, where one hash takes {one}");
    }

    [Fact]
    public async Task A_line_is_served_in_turn_and_bounded_and_whoever_leaves_makes_room()
    {
        var turnstile = new Turnstile();
        using var leaving = new CancellationTokenSource();
        var first = await turnstile.EnterAsync("a", Cancel);
        var waiting = Enumerable.Range(1, Turnstile.MaxPerLine - 1)
            .Select(i => turnstile.EnterAsync("a", i == 1 ? leaving.Token : Cancel)).ToList();

        Assert.Null(await turnstile.EnterAsync("a", Cancel));
        (await turnstile.EnterAsync("b", Cancel))!.Dispose(); // another line is not held up
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting[0]);
        var late = turnstile.EnterAsync("a", Cancel);
        Assert.All(waiting[1..], turn => Assert.False(turn.IsCompleted));

        first!.Dispose();
        foreach (var turn in waiting[1..])
        {
            (await turn)!.Dispose();
        }

        (await late)!.Dispose();
        (await turnstile.EnterAsync("a", Cancel))!.Dispose();
    }

    /// <returns>CPU time of this process, which no other test uses meanwhile.</returns>
    private static async Task<TimeSpan> CostAsync(Func<Task> work)
    {
        var before = Environment.CpuUsage.TotalTime;
        await work();
        return Environment.CpuUsage.TotalTime - before;
    }
}
