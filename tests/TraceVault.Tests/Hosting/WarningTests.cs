using System.Net.Http.Json;
using System.Text.Json;
using TraceVault.Accounts;
using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Hosting;

/// <summary>A deployment that starts and does not do what its operator wants says so, once.</summary>
public class WarningTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Theory]
    [InlineData("--Urls=http://0.0.0.0:0", 1)]
    [InlineData("--Urls=http://*:0", 1)]
    [InlineData("--Urls=http://127.0.0.1:0", 0)]
    [InlineData("--Urls=http://0.0.0.0:0 --PublicUrl=https://vault.example.com", 0)]
    public async Task Listening_everywhere_without_a_public_address_is_warned_of(string settings, int warnings)
    {
        await using var server = await TestServer.StartAsync(settings: settings.Split(' '));

        Assert.Equal(warnings, server.Log.Lines.Count(
            line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("Set TRACEVAULT_PUBLIC_URL to")));
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, 0)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupWrite, 1)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherWrite, 1)]
    public async Task A_data_folder_that_others_may_write_to_is_named(UnixFileMode mode, int warnings)
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        File.SetUnixFileMode(database.DataDirectory, mode);
        await using var server = await TestServer.StartAsync(database);

        Assert.Equal(warnings, server.Log.Lines.Count(
            line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains($"chmod 700 {database.DataDirectory}")));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("--TrustedProxies=10.0.0.1, 10.1.0.0/16", 1)]
    [InlineData("--TrustedProxies=127.0.0.1", 0)]
    [InlineData("--TrustedProxies=127.0.0.0/8", 0)]
    public async Task A_proxy_that_is_not_trusted_is_named_once(string setting, int warnings)
    {
        await using var server = await TestServer.StartAsync(settings: setting.Length > 0 ? [setting] : []);
        server.Client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9, 198.51.100.7");
        await server.SetUpAsync();
        await server.LogInAsync();

        Assert.Equal(warnings, server.Log.Lines.Count(
            line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("set TRACEVAULT_TRUSTED_PROXIES=127.0.0.1")));
    }

    [Fact]
    public async Task An_address_from_which_nobody_can_sign_in_any_more_is_named_once()
    {
        await using var server = await TestServer.StartAsync();
        await server.SetUpAsync();
        for (var i = 0; i < SignInThrottle.PerAddress + 5; i++)
        {
            using var wrong = await server.Client.PostAsJsonAsync(
                "/api/v1/auth/login", new { email = $"guess{i}@example.com", password = "a wrong password" }, Cancel);
        }

        Assert.Contains(
            "50 sign-ins from 127.0.0.1 failed",
            Assert.Single(server.Log.Lines, line => line.Contains("add it to TRACEVAULT_TRUSTED_PROXIES")));
    }

    [Fact]
    public async Task In_a_log_of_objects_the_setup_token_is_in_one()
    {
        await using var database = await TestDatabase.CreateEmptyAsync("sqlite");
        await using var server = ServerProcess.Start(
            new Dictionary<string, string> { ["TRACEVAULT_DATA_DIR"] = database.DataDirectory, ["TRACEVAULT_LOG_FORMAT"] = "json" });

        var token = (await server.RestOfLineAsync("\"SetupToken\":\"", Cancel)).Split('"')[0];
        using var client = new HttpClient { BaseAddress = await server.UrlAsync(Cancel) };
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        using var page = await client.GetAsync("/auth/setup", Cancel);
        await RawHttp.SendAsync(client.BaseAddress, "/", Cancel, "no colon");
        await server.RestOfLineAsync("Refused by the web server itself", Cancel);
        Assert.Equal(0, await server.StopAsync(Cancel));

        Assert.Matches("^[a-z0-9]{5}(-[a-z0-9]{5}){4}$", token);
        Assert.All(server.Output.Split('\n'), line => Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(line).RootElement.ValueKind));
    }
}
