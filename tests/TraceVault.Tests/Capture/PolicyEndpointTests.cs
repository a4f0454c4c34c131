using System.Net;
using System.Text;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Capture;
using TraceVault.Capture.Policies;
using TraceVault.Tests.Members;

namespace TraceVault.Tests.Capture;

/// <summary>What is recorded, over JSON.</summary>
public class PolicyEndpointTests
{
    private const string Policy = "/api/v1/capture", Own = "/api/v1/me/capture";

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task An_owner_changes_the_policy_field_by_field_and_everybody_reads_it(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        const string Start = """{"mode":"usage","members_may":"more","content_days":30,"usage_days":400,"others_content":"never"}""";
        Assert.Equal(Start, await GetAsync(team, ada.Token, Policy));

        Assert.Equal(
            """{"mode":"usage","members_may":"more","content_days":7,"usage_days":400,"others_content":"with_reason"}""",
            await PutAsync(team, team.Owner, Policy, """{"content_days":7,"others_content":"with_reason"}"""));
        const string Full = """{"mode":"full","members_may":"both","content_days":1,"usage_days":3650,"others_content":"never"}""";
        Assert.Equal(Full, await PutAsync(team, team.Owner, Policy, Full));
        Assert.Equal(Full, await PutAsync(team, team.Owner, Policy, "{}"));
        Assert.Equal(Full, await PutAsync(team, team.Owner, Policy, """{"mode":"full"}"""));

        Assert.Equal(Full, await GetAsync(team, ada.Token, Policy));
        Assert.Equal(
            [
                $"capture.policy_changed done {TestServer.Email} - content_days 30 to 7, others_content never to with_reason",
                $"capture.policy_changed done {TestServer.Email} - mode usage to full, members_may more to both, content_days 7 to 1, "
                    + "usage_days 400 to 3650, others_content with_reason to never",
            ],
            await team.AuditAsync("capture.policy_changed"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Nobody_but_an_owner_changes_the_policy_and_who_tries_is_in_the_audit_log(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var before = await GetAsync(team, team.Owner, Policy);
        foreach (var role in (string[])["member", "admin"])
        {
            var colleague = await team.JoinAsync(role, role);
            Assert.Equal(403, await team.CallAsync(colleague.Token, "PUT", Policy, new { mode = "full" }));
            Assert.Contains(
                $"capture.policy_changed refused {role}@example.com - mode full", await team.AuditAsync("capture.policy_changed"));
        }

        Assert.Equal(before, await GetAsync(team, team.Owner, Policy));
    }

    [Theory]
    [InlineData("""{"mode":"all"}""", "mode")]
    [InlineData("""{"mode":"Full"}""", "mode")]
    [InlineData("""{"mode":""}""", "mode")]
    [InlineData("""{"mode":7}""", "mode")]
    [InlineData("""{"members_may":"everything"}""", "members_may")]
    [InlineData("""{"content_days":0}""", "content_days")]
    [InlineData("""{"content_days":3651}""", "content_days")]
    [InlineData("""{"content_days":1.5}""", "content_days")]
    [InlineData("""{"usage_days":-1}""", "usage_days")]
    [InlineData("""{"usage_days":9223372036854775807}""", "usage_days")]
    [InlineData("""{"usage_days":92233720368547758070}""", "usage_days")]
    [InlineData("""{"others_content":"always"}""", "others_content")]
    [InlineData("""{"mode":"off","content_days":0,"usage_days":0}""", "content_days usage_days")]
    public async Task A_bad_value_is_named_and_changes_nothing(string body, string fields)
    {
        await using var team = await Team.StartAsync("sqlite");
        var before = await GetAsync(team, team.Owner, Policy);

        var (status, problem) = await SendAsync(team, team.Owner, Policy, body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        var errors = JsonElement.Parse(problem).GetProperty("errors").EnumerateObject();
        Assert.Equal(fields, string.Join(' ', errors.Select(each => each.Name)));
        Assert.Equal(before, await GetAsync(team, team.Owner, Policy));
        Assert.Empty(await team.AuditAsync("capture.policy_changed"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Everybody_chooses_for_themselves_within_the_policy(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        Assert.Equal(Answer(null, "usage"), await GetAsync(team, ada.Token, Own));

        Assert.Equal(Answer("full", "full"), await PutAsync(team, ada.Token, Own, """{"mode":"full"}"""));
        Assert.Equal(Answer("full", "full"), await PutAsync(team, ada.Token, Own, """{"mode":"full"}"""));
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(team, ada.Token, Own, """{"mode":"off"}""")).Status);
        // Owners are bound too.
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(team, team.Owner, Own, """{"mode":"off"}""")).Status);
        Assert.Equal(Answer("full", "full"), await GetAsync(team, ada.Token, Own));
        Assert.Equal(Answer(null, "usage"), await GetAsync(team, team.Owner, Own));

        Assert.Equal(Answer("usage", "usage"), await PutAsync(team, ada.Token, Own, """{"mode":"usage"}"""));
        Assert.Equal(Answer(null, "usage"), await PutAsync(team, ada.Token, Own, """{"mode":null}"""));
        Assert.Equal(Answer(null, "usage"), await PutAsync(team, ada.Token, Own, """{"mode":null}"""));
        Assert.Equal(
            [
                "capture.choice_changed done ada@example.com ada@example.com full",
                "capture.choice_changed refused ada@example.com ada@example.com off",
                $"capture.choice_changed refused {TestServer.Email} {TestServer.Email} off",
                "capture.choice_changed done ada@example.com ada@example.com usage",
                "capture.choice_changed done ada@example.com ada@example.com policy",
            ],
            await team.AuditAsync("capture.choice_changed"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_choice_that_is_no_longer_allowed_is_kept_and_has_no_effect(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        await PutAsync(team, ada.Token, Own, """{"mode":"full"}""");

        await PutAsync(team, team.Owner, Policy, """{"members_may":"nothing"}""");
        Assert.Equal(Answer("full", "usage"), await GetAsync(team, ada.Token, Own));
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(team, ada.Token, Own, """{"mode":"full"}""")).Status);

        await PutAsync(team, team.Owner, Policy, """{"members_may":"more"}""");
        Assert.Equal(Answer("full", "full"), await GetAsync(team, ada.Token, Own));

        await PutAsync(team, team.Owner, Policy, """{"members_may":"nothing"}""");
        Assert.Equal(Answer(null, "usage"), await PutAsync(team, ada.Token, Own, """{"mode":null}""")); // what is gone can be taken back
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"mode":"everything"}""")]
    [InlineData("""{"mode":""}""")]
    [InlineData("""{"mode":1}""")]
    [InlineData("""{"mode":["full"]}""")]
    [InlineData("""{"mode":"\ud800"}""")]
    [InlineData("""{"mode":"full\u0000"}""")]
    [InlineData("null")]
    [InlineData("[]")]
    public async Task What_is_no_choice_is_refused_and_leaves_the_earlier_one(string body)
    {
        await using var team = await Team.StartAsync("sqlite");
        await PutAsync(team, team.Owner, Own, """{"mode":"full"}""");

        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(team, team.Owner, Own, body)).Status);

        Assert.Equal(Answer("full", "full"), await GetAsync(team, team.Owner, Own));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_choice_of_a_removed_user_is_gone(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        await PutAsync(team, ada.Token, Own, """{"mode":"full"}""");
        Assert.Equal(1, await team.CountAsync("capture_choices", ada.Id));
        var policies = team.Server.Services.GetRequiredService<CapturePolicies>();

        Assert.Equal(204, await team.CallAsync(team.Owner, "DELETE", $"/api/v1/members/{ada.Id}"));

        Assert.Equal(0, await team.CountAsync("capture_choices", ada.Id));
        await policies.Settled.WaitAsync(Patience.Cancel);
        Assert.Null(policies.Now.ChoiceOf(ada.Id));
        Assert.Equal(CaptureMode.Usage, policies.ModeOf(ada.Id));
    }

    /// <summary>Each change is counted, none is lost, and what the last one left is in force.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Changes_at_once_follow_each_other(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        await using var connection = await team.Database.OpenAsync();
        var before = await VersionAsync();

        await Task.WhenAll(Enumerable.Range(1, 20).SelectMany(i => new[]
        {
            SendAsync(team, team.Owner, Policy, $$"""{"content_days":{{i + 100}} }"""),
            SendAsync(team, team.Owner, Own, i % 2 == 0 ? """{"mode":"full"}""" : """{"mode":null}"""),
        }));

        Assert.Equal(20, (await team.AuditAsync("capture.policy_changed")).Count);
        Assert.Equal(20 + (await team.AuditAsync("capture.choice_changed")).Count, await VersionAsync() - before);
        var stored = await connection.ExecuteScalarAsync<long>("select content_days from capture_policy");
        Assert.Contains($"\"content_days\":{stored},", await GetAsync(team, team.Owner, Policy));

        Task<long> VersionAsync() => connection.ExecuteScalarAsync<long>("select version from capture_policy");
    }

    private static string Answer(string? mode, string effective) =>
        $$"""{"mode":{{(mode is null ? "null" : $"\"{mode}\"")}},"effective":"{{effective}}","content_days":30,"usage_days":400,"""
        + "\"others_content\":\"never\"}";

    private static async Task<string> GetAsync(Team team, string token, string path) =>
        (await team.Server.ApiJsonAsync(HttpMethod.Get, path, token)).GetRawText();

    private static async Task<string> PutAsync(Team team, string token, string path, string body)
    {
        var (status, text) = await SendAsync(team, token, path, body);
        Assert.True(status == HttpStatusCode.OK, text);
        return text;
    }

    private static async Task<(HttpStatusCode Status, string Text)> SendAsync(Team team, string token, string path, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json")
        };
        request.Headers.Authorization = new("Bearer", token);
        using var answer = await team.Server.Client.SendAsync(request, Patience.Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Patience.Cancel));
    }
}
