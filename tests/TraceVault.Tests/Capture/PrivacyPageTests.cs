using System.Net;
using TraceVault.Tests.Devices;
using TraceVault.Tests.Members;

namespace TraceVault.Tests.Capture;

/// <summary>What people see of the recording policy in a browser, and when they sign in a device.</summary>
public class PrivacyPageTests
{
    private const string Privacy = "/me/privacy", Policy = "/admin/capture";

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_page_says_what_is_recorded_and_by_whose_choice(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        await SeeAsync(ada, "Now: Usage", "You made no choice of your own.", "kept for 400 days", "not recorded", "You alone.");

        Assert.Equal($"{Privacy}?done=chosen", (await ada.Browser.FillInAsync(Privacy, Privacy, ("mode", "full"))).Location);
        await SeeAsync(ada, "Now: Full", "You chose it.", "kept for 30 days", "kept for 400 days");

        await team.CallAsync(team.Owner, "PUT", "/api/v1/capture", new { members_may = "nothing", others_content = "with_reason" });
        await SeeAsync(ada, "Now: Usage", "You chose Full", "is kept and has no effect", "who types a reason");

        await ada.Browser.FillInAsync(Privacy, Privacy, ("mode", "policy"));
        await SeeAsync(ada, "Now: Usage", "for everybody. Only an owner can change it.");
        Assert.DoesNotContain("<fieldset", (await ada.Browser.LookAsync(Privacy)).Text);
    }

    [Fact]
    public async Task What_may_not_be_chosen_is_neither_offered_nor_taken()
    {
        await using var team = await Team.StartAsync("sqlite");
        var ada = await team.JoinAsync("ada", "member");

        Assert.DoesNotContain("value=\"off\"", (await ada.Browser.LookAsync(Privacy)).Text);
        Assert.Equal(HttpStatusCode.Forbidden, (await ada.Browser.FillInAsync(Privacy, Privacy, ("mode", "off"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await ada.Browser.FillInAsync(Privacy, Privacy, ("mode", "everything"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await ada.Browser.FillInAsync(Privacy, Privacy)).Status);
        Assert.Equal(0, await team.CountAsync("capture_choices", ada.Id));
    }

    [Fact]
    public async Task Recording_everything_is_turned_on_only_after_a_warning()
    {
        await using var team = await Team.StartAsync("sqlite");
        var owner = team.Browser(team.Owner);
        (string, string)[] full = [
            ("mode", "full"), ("members_may", "less"), ("content_days", "8"), ("usage_days", "90"), ("others_content", "never")];

        var warned = await owner.FillInAsync(Policy, Policy, full);
        Assert.Equal(HttpStatusCode.OK, warned.Status);
        Assert.Contains("keeps every byte", warned.Text);
        Assert.All(full, field => Assert.Contains($"name=\"{field.Item1}\" value=\"{field.Item2}\"", warned.Text));
        Assert.Empty(await team.AuditAsync("capture.policy_changed"));

        Assert.Equal($"{Policy}?done=changed", (await owner.FillInAsync(Policy, Policy, [.. full, ("confirmed", "yes")])).Location);
        Assert.Contains("value=\"full\" selected", (await owner.LookAsync(Policy)).Text);
        full[2] = ("content_days", "9");
        Assert.Equal($"{Policy}?done=changed", (await owner.FillInAsync(Policy, Policy, full)).Location); // it is on already
        Assert.Equal(2, (await team.AuditAsync("capture.policy_changed")).Count);
    }

    [Fact]
    public async Task A_form_with_mistakes_shows_them_beside_their_fields()
    {
        await using var team = await Team.StartAsync("sqlite");
        var owner = team.Browser(team.Owner);

        var refused = await owner.FillInAsync(Policy, Policy, ("mode", "usage"), ("content_days", "soon"), ("usage_days", "4000"));

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("id=\"field-content_days-error\"", refused.Text);
        Assert.Contains("id=\"field-usage_days-error\"", refused.Text);
        Assert.Contains("value=\"4000\"", refused.Text);
    }

    [Fact]
    public async Task Administrators_read_the_policy_and_cannot_change_it()
    {
        await using var team = await Team.StartAsync("sqlite");
        var admin = await team.JoinAsync("admin", "admin");

        var page = await admin.Browser.LookAsync(Policy);
        Assert.Contains("Only an owner of this server can change it.", page.Text);
        Assert.DoesNotContain("name=\"members_may\"", page.Text);
        Assert.Equal(HttpStatusCode.Forbidden, (await admin.Browser.FillInAsync(Policy, Policy, ("mode", "full"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await (await team.JoinAsync("ada", "member")).Browser.LookAsync(Policy)).Status);
    }

    [Fact]
    public async Task A_device_is_told_the_policy_and_whoever_approves_it_what_holds_for_them()
    {
        await using var team = await Team.StartAsync("sqlite");
        var ada = await team.JoinAsync("ada", "member");
        await ada.Browser.FillInAsync(Privacy, Privacy, ("mode", "full"));

        var begun = await new DeviceClient(team.Server).BeginAsync();
        Assert.Equal(
            "Unless you chose otherwise, this server records who sends requests, when, with which model, tokens and cost, for 400 days, "
                + $"but no content. See what holds for you: {new Uri(team.Server.Url, Privacy)}",
            begun["login_notice"]);
        Assert.Contains(
            "this server records every byte of requests and answers for 30 days",
            (await ada.Browser.LookAsync($"/auth/device?user_code={begun["user_code"]}")).Text);
    }

    private static async Task SeeAsync(Colleague colleague, params string[] texts)
    {
        var page = (await colleague.Browser.LookAsync(Privacy)).Text;
        Assert.All(texts, text => Assert.Contains(text, page));
    }
}
