using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Storage;
using TraceVault.Tests.Members;

namespace TraceVault.Tests.Storage;

public class SweeperTests
{
    private static readonly string[] Tables = ["auth_sessions", "device_authorizations", "invites", "password_resets", "sign_in_failures"];

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task What_expired_long_ago_is_deleted_and_what_is_in_force_stays(string engine)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var team = await Team.StartAsync(engine, clock);
        await using var connection = await team.Database.OpenAsync();
        await AddRowsAsync("old");
        clock.Advance(TimeSpan.FromDays(61));
        await AddRowsAsync("new");

        await team.Server.Services.GetServices<IHostedService>().OfType<Sweeper>().Single().SweepAsync(Patience.Cancel);

        foreach (var table in Tables)
        {
            var ids = (await connection.QueryAsync($"select * from {table}")).Cast<IDictionary<string, object?>>().Select(
                row => $"{row.Values.First()}");
            Assert.Equal((table, "new"), (table, string.Join(' ', ids.Where(id => id is "old" or "new"))));
        }

        async Task AddRowsAsync(string id) => await connection.ExecuteAsync(
            "insert into users (id, email, email_key, role, password_hash, created_at, updated_at) "
                + "values (@id, @email, @email, 'member', '-', @now, @now);\n"
                + "insert into auth_sessions (id, user_id, token_hash, created_at, expires_at, last_used_at) "
                + "values (@id, @id, @hash, @now, @now + 1000, @now);\n"
                + "insert into device_authorizations (id, device_code_hash, user_code, state, source, created_at, expires_at, "
                + "interval_seconds, polled_at)\n"
                + "values (@id, @hash, @id, 'pending', @id, @now, @now + 1000, 5, 0);\n"
                + "insert into invites (id, email, email_key, role, token_hash, invited_by, created_at, expires_at) "
                + "values (@id, @email, @email, 'member', @hash, @id, @now, @now + 1000);\n"
                + "insert into password_resets (user_id, token_hash, created_at, expires_at) values (@id, @hash, @now, @now + 1000);\n"
                + "insert into sign_in_failures (subject, failures, window_started_at) values (@id, 1, @now);",
            new
            {
                id,
                email = id + "@example.com",
                hash = System.Text.Encoding.ASCII.GetBytes(id),
                now = clock.GetUtcNow().ToUnixTimeMilliseconds()
            });
    }
}
