using System.ComponentModel.DataAnnotations;
using TraceVault.Gateway;
using TraceVault.Settings;

namespace TraceVault.Tests.Settings;

public class SettingsTests
{
    [Theory]
    [InlineData("--Proxy:MaxBodyBytes=lots", "TRACEVAULT_PROXY__MAXBODYBYTES is invalid: it takes a whole number")]
    [InlineData("--Proxy:MaxBodyBytes=1", "TRACEVAULT_PROXY__MAXBODYBYTES is invalid: it takes a whole number from 1024 to 536870912.")]
    [InlineData("--Proxy:OutageGrace=2.00:00:00", "TRACEVAULT_PROXY__OUTAGEGRACE is invalid: it takes a time from 00:00:00 to 1.00:00:00.")]
    [InlineData("--Proxy:UpstreamTimeout=soon", "TRACEVAULT_PROXY__UPSTREAMTIMEOUT is invalid: it takes a time")]
    [InlineData("--Proxy:UpstreamHttpVersion=3", "TRACEVAULT_PROXY__UPSTREAMHTTPVERSION is invalid: it takes 1.1 or 2.")]
    [InlineData("--LogFormat=xml", "TRACEVAULT_LOG_FORMAT is invalid: it takes one of text, json")]
    [InlineData("--LogLevel=42", "TRACEVAULT_LOG_LEVEL is invalid: it takes one of trace")]
    [InlineData("--Urls=nowhere", "TRACEVAULT_URLS is invalid")]
    [InlineData("--PublicUrl=https://example.com/path", "TRACEVAULT_PUBLIC_URL is invalid")]
    [InlineData("--TrustedProxies=somebody", "TRACEVAULT_TRUSTED_PROXIES is invalid")]
    [InlineData("--AnthropicUrl=http://example.com", "TRACEVAULT_ANTHROPIC_URL is invalid: over http")]
    [InlineData("--AnthropicUrl=https://user:secret@example.com", "TRACEVAULT_ANTHROPIC_URL is invalid")]
    [InlineData("--SetupToken=short", "TRACEVAULT_SETUP_TOKEN is too short")]
    [InlineData("--MetricsToken=short", "TRACEVAULT_METRICS_TOKEN is invalid: it takes at least 16 characters.")]
    [InlineData(
        "--Capture:SpoolBytes=1024",
        "TRACEVAULT_CAPTURE__SPOOLBYTES is invalid: it takes a whole number from 67108864 to 68719476736.")]
    [InlineData("--Capture:Store=cloud", "TRACEVAULT_CAPTURE__STORE is invalid: it takes one of file, database.")]
    [InlineData("--Capture:Sync=hourly", "TRACEVAULT_CAPTURE__SYNC is invalid: it takes one of interval, always, never.")]
    [InlineData("--Proxy:MaxBodyByte=1024", "Unknown setting: --Proxy:MaxBodyByte")]
    [InlineData("--IdleTimeout=0", "TRACEVAULT_IDLE_TIMEOUT is invalid")]
    [InlineData("--Proxy:UpstreamIdleTimeout=2.00:00:00", "TRACEVAULT_PROXY__UPSTREAMIDLETIMEOUT is invalid")]
    [InlineData(
        "--Kestrel:Limits:KeepAliveTimeout=00:01:00",
        "Unknown setting: --Kestrel:Limits:KeepAliveTimeout. Of the web server's own settings only Certificates:Default")]
    [InlineData("--Kestrel:Certificates:Default:Pth=x", "Unknown setting: --Kestrel:Certificates:Default:Pth.")]
    [InlineData("--Kestrel:EndpointDefaults:Protocols=Http1", "Unknown setting: --Kestrel:EndpointDefaults:Protocols.")]
    [InlineData("sk-ant-api03-misplaced", "An argument is not understood")]
    public async Task A_wrong_setting_stops_the_start_with_a_line_that_names_it(string argument, string message)
    {
        var problem = await Assert.ThrowsAsync<StartupException>(() => TestServer.StartAsync(settings: argument));

        Assert.StartsWith(message, problem.Message);
        Assert.DoesNotContain("sk-ant", problem.Message);
        Assert.DoesNotContain('\n', problem.Message);
    }

    /// <summary>A rule without words would stop the start with an exception instead of a line for the operator.</summary>
    [Fact]
    public void Every_rule_of_a_setting_has_words() => Assert.All(
        typeof(SettingsReader).Assembly.GetTypes().Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal)).SelectMany(
            type => type.GetProperties())
            .SelectMany(property => property.GetCustomAttributes(typeof(ValidationAttribute), inherit: true)),
        rule => Assert.True(
            rule is RangeAttribute or MinLengthAttribute or RequiredAttribute or AllowedValuesAttribute,
            $"{rule.GetType().Name}: give SettingsReader.InWords words for it"));

    [Theory]
    [InlineData("TRACEVAULT_PROXY__MAXBODYBYTES")]
    [InlineData("TRACEVAULT_PROXY__MAX_BODY_BYTES")]
    [InlineData("tracevault_proxy__MaxBodyBytes")]
    public void The_environment_spells_a_setting_in_any_case(string name)
    {
        var reader = new SettingsReader([], new Dictionary<string, string> { [name] = "2048" }, Path.GetTempPath());

        Assert.Equal(2048, reader.Read<ProxyOptions>("Proxy").MaxBodyBytes);
        reader.RefuseUnknown();
    }

    [Fact]
    public void The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        var folder = Directory.CreateTempSubdirectory("tracevault-test-");
        File.WriteAllText(
            Path.Combine(folder.FullName, "appsettings.json"), """{"Proxy":{"MaxBodyBytes":1111,"UpstreamTimeout":"00:01:00"}}""");

        var reader = new SettingsReader(
            ["--proxy:maxbodybytes=3333"], new Dictionary<string, string> { ["TRACEVAULT_PROXY__MAXBODYBYTES"] = "2222" }, folder.FullName);
        var options = reader.Read<ProxyOptions>("Proxy");
        folder.Delete(recursive: true);

        Assert.Equal((3333, TimeSpan.FromMinutes(1)), (options.MaxBodyBytes, options.UpstreamTimeout));
    }

    [Fact]
    public void An_unknown_variable_of_ours_is_named_and_those_of_others_are_left_alone()
    {
        var others = new SettingsReader(
            [],
            new Dictionary<string, string> { ["PATH"] = "x", ["TRACEVAULT_SERVER_URL"] = "x", ["TRACEVAULT_TOKEN"] = "x" },
            Path.GetTempPath());
        others.RefuseUnknown();

        var ours = new SettingsReader([], new Dictionary<string, string> { ["TRACEVAULT_DATA_DRI"] = "x" }, Path.GetTempPath());
        Assert.Contains("TRACEVAULT_DATA_DRI", Assert.Throws<StartupException>(ours.RefuseUnknown).Message);
    }

    [Theory]
    [InlineData("TRACEVAULT_KESTREL__LIMITS__MAXREQUESTBODYSIZE")]
    [InlineData("TRACEVAULT_KESTREL__ENDPOINTS__FRONT__PORT")]
    [InlineData("TRACEVAULT_ALLOWEDHOSTS__X")]
    public void A_setting_of_the_web_servers_without_effect_is_named(string name)
    {
        var reader = new SettingsReader([], new Dictionary<string, string> { [name] = "x" }, Path.GetTempPath());

        Assert.Contains(name, Assert.Throws<StartupException>(reader.RefuseUnknown).Message);
    }

    [Theory]
    [InlineData("TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT__PATH")]
    [InlineData("TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT__KEY_PATH")]
    [InlineData("TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT__PASSWORD")]
    [InlineData("TRACEVAULT_KESTREL__ENDPOINTS__FRONT__URL")]
    [InlineData("TRACEVAULT_KESTREL__ENDPOINTS__FRONT__CERTIFICATE__PATH")]
    [InlineData("TRACEVAULT_ALLOWEDHOSTS")]
    [InlineData("TRACEVAULT_LOGGING__LOGLEVEL__NPGSQL")]
    public void One_with_an_effect_is_taken(string name) =>
        new SettingsReader([], new Dictionary<string, string> { [name] = "x" }, Path.GetTempPath()).RefuseUnknown();

    [Theory]
    [InlineData("TRACEVAULT_SERVICE_HOST", "10.96.0.11", true)]
    [InlineData("TRACEVAULT_SERVICE_PORT", "80", true)]
    [InlineData("TRACEVAULT_SERVICE_PORT_HTTP", "80", true)]
    [InlineData("TRACEVAULT_PORT", "tcp://10.96.0.11:80", true)]
    [InlineData("TRACEVAULT_PORT", "tcp://[fd00::b]:80", true)]
    [InlineData("TRACEVAULT_PORT_3000_TCP", "tcp://10.96.0.11:3000", true)]
    [InlineData("TRACEVAULT_PORT_3000_TCP_PROTO", "tcp", true)]
    [InlineData("TRACEVAULT_PORT_3000_TCP_PORT", "3000", true)]
    [InlineData("TRACEVAULT_PORT_3000_TCP_ADDR", "10.96.0.11", true)]
    [InlineData("TRACEVAULT_POSTGRES_SERVICE_HOST", "fd00::b", true)]
    [InlineData("TRACEVAULT_POSTGRES_PORT_5432_TCP_ADDR", "10.96.0.12", true)]
    [InlineData("TRACEVAULT_PORT", "3000", false)]
    [InlineData("TRACEVAULT_PORTT", "tcp://10.96.0.11:80", false)]
    [InlineData("TRACEVAULT_SERVICE_X", "80", false)]
    [InlineData("TRACEVAULT_SERVICE_HOST", "vault.example.com", false)]
    [InlineData("TRACEVAULT_PORT_X_TCP", "tcp://10.96.0.11:80", false)]
    public void What_Kubernetes_sets_for_a_service_of_our_name_is_no_setting_and_what_looks_like_it_is(
        string name, string value, bool isOfKubernetes)
    {
        var reader = new SettingsReader([], new Dictionary<string, string> { [name] = value }, Path.GetTempPath());
        if (isOfKubernetes)
        {
            reader.RefuseUnknown();
        }
        else
        {
            Assert.Contains(name, Assert.Throws<StartupException>(reader.RefuseUnknown).Message);
        }
    }

    /// <summary>As an editor on Windows leaves a file of settings.</summary>
    [Fact]
    public async Task A_carriage_return_behind_a_value_is_no_part_of_it()
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        var keyFile = Path.Combine(database.DataDirectory, "key");
        await File.WriteAllTextAsync(keyFile, $"k2:{TestServer.MasterKey},\r\n", Patience.Cancel);
        await File.AppendAllTextAsync(
            keyFile,
            $"default:{Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32))}\r\n",
            Patience.Cancel);
        await using var server = ServerProcess.Start(
            new Dictionary<string, string>
            {
                ["TRACEVAULT_DATA_DIR"] = database.DataDirectory + "\r",
                ["TRACEVAULT_ENCRYPTION_KEY_FILE"] = keyFile + "\r",
                ["TRACEVAULT_LOG_FORMAT"] = "json\r",
                ["TRACEVAULT_PROXY__MAXBODYBYTES"] = "2048\r",
                ["TRACEVAULT_METRICS_TOKEN"] = "\r",
                ["TRACEVAULT_URLS"] = "http://127.0.0.1:0\r",
            },
            "--DrainTimeout=00:00:01\r");

        await server.UrlAsync(Patience.Cancel);

        Assert.Contains(Path.Combine(database.DataDirectory, "tracevault.db"), Directory.GetFiles(database.DataDirectory));
        Assert.False(Directory.Exists(database.DataDirectory + "\r"));
    }

    [Fact]
    public void A_secret_in_the_file_is_refused_without_being_shown()
    {
        var folder = Directory.CreateTempSubdirectory("tracevault-test-");
        File.WriteAllText(Path.Combine(folder.FullName, "appsettings.json"), $$"""{"EncryptionKey":"{{TestServer.MasterKey}}"}""");
        var reader = new SettingsReader([], new Dictionary<string, string>(), folder.FullName);

        var problem = Assert.Throws<StartupException>(() => reader.Read<TraceVault.Vault.VaultOptions>());
        folder.Delete(recursive: true);

        Assert.StartsWith("TRACEVAULT_ENCRYPTION_KEY is a secret", problem.Message);
        Assert.DoesNotContain(TestServer.MasterKey, problem.Message);
    }

    [Fact]
    public void A_certificates_password_in_the_file_is_refused_too()
    {
        var folder = Directory.CreateTempSubdirectory("tracevault-test-");
        File.WriteAllText(
            Path.Combine(folder.FullName, "appsettings.json"),
            """{"Kestrel":{"Certificates":{"Default":{"Path":"x.pfx","Password":"hunter2"}}}}""");
        var reader = new SettingsReader([], new Dictionary<string, string>(), folder.FullName);

        var problem = Assert.Throws<StartupException>(reader.RefuseUnknown);
        folder.Delete(recursive: true);

        Assert.Contains("set TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT__PASSWORD in the environment", problem.Message);
        Assert.DoesNotContain("hunter2", problem.Message);
    }

    [Fact]
    public async Task A_secret_on_the_command_line_is_warned_of_without_being_shown()
    {
        await using var server = await TestServer.StartAsync();

        var warning = Assert.Single(server.Log.Lines, line => line.Contains("TRACEVAULT_ENCRYPTION_KEY is on the command line"));
        Assert.StartsWith("Warning", warning);
        Assert.DoesNotContain(TestServer.MasterKey, server.Log.Text);
    }
}
