using System.Data.Common;
using Npgsql;
using TraceVault.Settings;

namespace TraceVault.Storage;

/// <summary>Reads a PostgreSQL connection URI (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS).</summary>
internal static class PostgresUrl
{
    /// <summary>The connections to the database, and the string that describes one; see <see cref="Parse"/>.</summary>
    public static (DbDataSource Connections, string ConnectionString) Open(string text)
    {
        var settings = Parse(text);
        return (NpgsqlDataSource.Create(settings), settings.ConnectionString);
    }

    /// <exception cref="StartupException">
    /// The text is no such URI, or names an unknown parameter. The message never repeats the password.
    /// </exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("postgres" or "postgresql")
            || url.Host.Length == 0 || url.AbsolutePath.Length < 2 || url.AbsolutePath.IndexOf('/', 1) >= 0)
        {
            throw Invalid("it takes postgres://user:password@host:5432/name?sslmode=require");
        }

        var user = url.UserInfo.Split(':', 2);
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = url.IdnHost.Trim('[', ']'),
            Port = url.IsDefaultPort || url.Port < 0 ? 5432 : url.Port,
            Database = Uri.UnescapeDataString(url.AbsolutePath[1..]),
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            ApplicationName = "tracevault",
            // A database that does not answer is reported as unavailable after this many seconds, not after minutes.
            Timeout = 5,
            CommandTimeout = 10,
            MaxPoolSize = 32,
        };
        foreach (var pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? pair : pair[..equals];
            Apply(settings, name, equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]));
        }

        return settings;
    }

    private static void Apply(NpgsqlConnectionStringBuilder settings, string name, string value)
    {
        var number = int.TryParse(value, out var parsed) && parsed > 0 ? parsed : (int?)null;
        switch (name)
        {
            case "sslmode":
                settings.SslMode = value switch
                {
                    "disable" => SslMode.Disable,
                    "allow" => SslMode.Allow,
                    "prefer" => SslMode.Prefer,
                    "require" => SslMode.Require,
                    "verify-ca" => SslMode.VerifyCA,
                    "verify-full" => SslMode.VerifyFull,
                    _ => throw Invalid("sslmode takes disable, allow, prefer, require, verify-ca or verify-full"),
                };
                break;
            case "sslrootcert":
                settings.RootCertificate = File.Exists(value) ? value : throw Invalid($"there is no file {value}, which sslrootcert names");
                break;
            case "channel_binding":
                settings.ChannelBinding = value switch
                {
                    "disable" => ChannelBinding.Disable,
                    "prefer" => ChannelBinding.Prefer,
                    "require" => ChannelBinding.Require,
                    _ => throw Invalid("channel_binding takes disable, prefer or require"),
                };
                break;
            case "application_name":
                settings.ApplicationName = value;
                break;
            case "connect_timeout":
                settings.Timeout = number is <= 1024 ? number.Value : throw Invalid("connect_timeout takes seconds, 1 to 1024");
                break;
            case "pool_size":
                settings.MaxPoolSize = number is <= 1024
                    ? number.Value
                    : throw Invalid("pool_size takes a number of connections, 1 to 1024");
                break;
            default:
                throw Invalid(
                    $"the parameter {name} is not known; "
                    + "it takes sslmode, channel_binding, sslrootcert, application_name, connect_timeout and pool_size");
        }
    }

    private static StartupException Invalid(string reason) => new($"TRACEVAULT_DATABASE is invalid: {reason}.");
}
