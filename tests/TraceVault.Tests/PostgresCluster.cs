using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Npgsql;

namespace TraceVault.Tests;

/// <summary>The PostgreSQL server of this test run: started by the first test that needs it, gone when the run ends.</summary>
/// <remarks><c>TEST_POSTGRES=postgres://admin:password@host:port/postgres</c> names an existing server to use instead.</remarks>
internal sealed class PostgresCluster
{
    private static readonly Lazy<Task<PostgresCluster>> Shared = new(StartAsync);
    private readonly NpgsqlConnectionStringBuilder _admin;

    private PostgresCluster(NpgsqlConnectionStringBuilder admin) => _admin = admin;

    public string Host => _admin.Host!;

    public int Port => _admin.Port;

    public static Task<PostgresCluster> GetAsync() => Shared.Value;

    /// <summary>Runs one statement as the superuser, outside any test's database.</summary>
    public async Task AdministerAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_admin.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Reads <c>postgres://user:password@host:port/name?sslmode=…</c> into Npgsql's own form.</summary>
    public static NpgsqlConnectionStringBuilder Parse(string url)
    {
        var uri = new Uri(url);
        var user = uri.UserInfo.Split(':', 2);
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Port = uri.IsDefaultPort ? 5432 : uri.Port,
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            Database = uri.AbsolutePath.TrimStart('/'),
        };
        if (uri.Query.Contains("sslmode=disable", StringComparison.Ordinal))
        {
            settings.SslMode = SslMode.Disable;
        }

        return settings;
    }

    private static async Task<PostgresCluster> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("TEST_POSTGRES") is { Length: > 0 } url)
        {
            return new PostgresCluster(Parse(url));
        }

        var password = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var port = await LaunchAsync(FindBinaries(), password);
        return new PostgresCluster(Parse($"postgres://admin:{password}@127.0.0.1:{port}/postgres?sslmode=disable"));
    }

    /// <returns>The folder with the newest installed version's server programs.</returns>
    private static string FindBinaries()
    {
        const string Root = "/usr/lib/postgresql";
        var versions = Directory.Exists(Root) ? Directory.GetDirectories(Root) : [];
        return versions.OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out var number) ? number : 0)
            .Select(folder => Path.Combine(folder, "bin"))
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl")))
            ?? throw new InvalidOperationException(
                "PostgreSQL's server programs are not installed: run ./test, which installs them, or name a server in TEST_POSTGRES.");
    }

    private static async Task<string> LaunchAsync(string binaries, string password)
    {
        using var tls = TestCertificate.Create();
        // A session of its own: whatever is sent to the run's process group leaves the script alive to clean up.
        var script = new ProcessStartInfo("setsid")
        {
            RedirectStandardInput = true, // held open until this process ends: the script waits for its end
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["PGPASSWORD"] = password,
                ["PGTLS"] = tls.ExportCertificatePem() + "\n" + tls.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()
            },
        };
        foreach (var argument in (string[])["sh", Path.Combine(AppContext.BaseDirectory, "postgres-cluster.sh"), binaries, .. FreePorts(5)])
        {
            script.ArgumentList.Add(argument);
        }

        var process = Process.Start(script)!;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Stop(process);
        var line = await process.StandardOutput.ReadLineAsync()
            .WaitAsync(TimeSpan.FromMinutes(6)); // five ports, and pg_ctl gives each a minute
        return line is ['r', 'e', 'a', 'd', 'y', ' ', .. var port]
            ? port
            : throw new InvalidOperationException("PostgreSQL did not start: " + await process.StandardError.ReadToEndAsync());
    }

    private static void Stop(Process process)
    {
        process.StandardInput.Close();
        process.WaitForExit(TimeSpan.FromSeconds(10));
    }

    /// <summary>Several, because another program may take one before PostgreSQL does.</summary>
    private static string[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        foreach (var listener in listeners)
        {
            listener.Start();
        }

        var ports = listeners.Select(listener => $"{((IPEndPoint)listener.LocalEndpoint).Port}").ToArray();
        foreach (var listener in listeners)
        {
            listener.Dispose();
        }

        return ports;
    }
}
