using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Members;

/// <summary>The operator's way back in, on the machine itself, beside the running server.</summary>
public class ResetPasswordCommandTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_link_from_the_machine_lets_a_disabled_owner_in_again_while_the_server_runs(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var settings = Settings(database);
        await using var server = ServerProcess.Start(settings);
        var url = await server.UrlAsync(Cancel);
        using var http = new HttpClient { BaseAddress = url };
        using var setUp = await http.PostAsJsonAsync(
            "/api/v1/auth/setup",
            new { setup_token = TestServer.SetupToken, email = TestServer.Email, password = TestServer.Password },
            Cancel);
        setUp.EnsureSuccessStatusCode();
        await using (var connection = await database.OpenAsync())
        {
            await Dapper.SqlMapper.ExecuteAsync(connection, "update users set disabled_at = 1");
        }

        var (code, output) = await RunAsync(settings, "--email=OWNER@example.com");

        Assert.Equal(0, code);
        var link = Regex.Match(output, "http://127.0.0.1:0(/reset/tvl_[A-Za-z0-9_-]{49})\n").Groups[1].Value;
        using var browser = new PageClient(url);
        Assert.Equal(403, (int)(await http.PostAsJsonAsync(
            "/api/v1/auth/login",
            new { email = TestServer.Email, password = TestServer.Password },
            Cancel)).StatusCode); // the old password does not come back with the link
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.FillInAsync(link, link, ("password", Team.Password))).Status);
        Assert.Equal(200, (int)(await http.PostAsJsonAsync(
            "/api/v1/auth/login", new { email = TestServer.Email, password = Team.Password }, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await browser.LookAsync("/admin/users")).Status);
        await using (var connection = await database.OpenAsync())
        {
            Assert.Equal(TestServer.Email, await Dapper.SqlMapper.QuerySingleAsync<string>(
                connection, "select subject_email from audit_events where action = 'password.reset_issued' and actor_id is null"));
        }

        Assert.DoesNotContain("tvl_", server.Output);
        Assert.Equal(0, await server.StopAsync(Cancel));
    }

    [Theory]
    [InlineData("No account of this database has that address.", "--email=nobody@example.com")]
    [InlineData("Say whose password: --reset-password --email=ADDRESS.")]
    [InlineData("Say whose password: --reset-password --email=ADDRESS.", "--email=somebody")]
    [InlineData("An argument is not understood", "--email=nobody@example.com", "nobody@example.com")]
    public async Task What_is_wrong_is_said_in_one_line(string problem, params string[] arguments)
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        await using (await TestServer.StartAsync(database))
        {
        }

        var (code, output) = await RunAsync(Settings(database), arguments);

        Assert.Equal(1, code);
        Assert.StartsWith("tracevault-server: " + problem, output);
        Assert.DoesNotContain('\n', output);
    }

    [Fact]
    public async Task Without_a_database_none_is_made()
    {
        await using var database = await TestDatabase.CreateEmptyAsync("sqlite");

        var (code, output) = await RunAsync(Settings(database), "--email=owner@example.com");

        Assert.Equal(1, code);
        Assert.StartsWith("tracevault-server: There is no database ", output);
        Assert.Empty(Directory.GetFileSystemEntries(database.DataDirectory));
    }

    private static Dictionary<string, string> Settings(TestDatabase database) => new()
    {
        ["TRACEVAULT_DATABASE"] = database.Setting,
        ["TRACEVAULT_DATA_DIR"] = database.DataDirectory,
        ["TRACEVAULT_ENCRYPTION_KEY"] = TestServer.MasterKey,
        ["TRACEVAULT_SETUP_TOKEN"] = TestServer.SetupToken,
    };

    private static async Task<(int Code, string Output)> RunAsync(IReadOnlyDictionary<string, string> settings, params string[] arguments)
    {
        await using var command = ServerProcess.Start(settings, ["--reset-password", .. arguments]);
        return (await command.ExitAsync(Cancel), command.Output);
    }
}
