using Dapper;
using TraceVault.Tests.Devices;

namespace TraceVault.Tests.Members;

/// <summary>Devices of people who lose their access meanwhile.</summary>
public class DeviceAccessTests
{
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Disabling_somebody_ends_their_devices_and_what_waits_for_its_tokens(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        var device = new DeviceClient(team.Server);
        var (signedIn, waiting) = await TwoDevicesAsync(team, ada, device);

        Assert.Equal(204, await team.CallAsync(team.Owner, "POST", $"/api/v1/members/{ada.Id}/disable"));

        Assert.Equal("invalid_token", await team.ProxyAsync(signedIn["access_token"]));
        Assert.Equal("invalid_grant", (await device.RefreshAsync(signedIn["refresh_token"])).Error);
        Assert.Equal("invalid_grant", (await device.PollAsync(waiting)).Error);
    }

    /// <summary>As when both happen at the same moment.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task What_is_left_of_a_disabled_account_gets_no_tokens(string engine)
    {
        await using var team = await Team.StartAsync(engine);
        var ada = await team.JoinAsync("ada", "member");
        var device = new DeviceClient(team.Server);
        var (signedIn, waiting) = await TwoDevicesAsync(team, ada, device);
        await using (var connection = await team.Database.OpenAsync())
        {
            await connection.ExecuteAsync("update users set disabled_at = 1 where id = @Id", new { ada.Id });
        }

        Assert.Equal("invalid_grant", (await device.RefreshAsync(signedIn["refresh_token"])).Error);
        Assert.Equal("access_denied", (await device.PollAsync(waiting)).Error);
    }

    /// <returns>One that has its tokens, and one that is approved and has not fetched them yet.</returns>
    private static async Task<(OAuthReply SignedIn, OAuthReply Waiting)> TwoDevicesAsync(
        Team team, Colleague colleague, DeviceClient device)
    {
        using var reader = new PageVisitor(team.Server).SignedIn(colleague.Token);
        var signedIn = await device.SignInAsync(reader);
        var waiting = await device.BeginAsync();
        await reader.DecideAsync(waiting["user_code"], "approve");
        return (signedIn, waiting);
    }
}
