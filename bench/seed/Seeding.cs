using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Accounts;
using TraceVault.Identity;
using TraceVault.Keys;
using TraceVault.Providers.Anthropic;
using TraceVault.Storage;
using TraceVault.Vault;

namespace TraceVault.Bench;

/// <summary>Users who are signed in and have a key.</summary>
/// <remarks>
/// Everything is made by the server's own code but the users themselves: a password hash for each would take half an hour for 10,000.
/// </remarks>
internal static class Seeding
{
    private static readonly Origin Here = new("bench", "127.0.0.1");

    /// <returns>The server's parts, on a new database that the settings in the environment name.</returns>
    public static async Task<WebApplication> PrepareAsync()
    {
        var app = TraceVault.Program.Build([]);
        app.LoadMasterKey();
        await app.MigrateAsync();
        return app;
    }

    /// <returns>Their session tokens.</returns>
    public static async Task<List<string>> AddAsync(WebApplication app, int count, ProviderKey key)
    {
        var tokens = new List<string>(count);
        var sessions = app.Services.GetRequiredService<Sessions>();
        var keys = app.Services.GetRequiredService<ProviderKeys>();
        foreach (var user in await AddUsersAsync(app.Services.GetRequiredService<Database>(), count))
        {
            var session = await sessions.CreateAsync(user, Here, CancellationToken.None);
            tokens.Add(session.Token.Reveal());
            AccessToken.TryRead(session.Token.Reveal(), out var presented);
            var found = await sessions.FindAsync(presented.Hash, CancellationToken.None);
            await keys.SaveAsync(user.Id, AnthropicProvider.Id, found!.Id, key, ProviderKeys.MaxMaxConcurrent, isKnownToWork: false,
                new Actor(user.Id, user.Email, Here));
        }

        return tokens;
    }

    private static async Task<List<User>> AddUsersAsync(Database database, int count)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var users = Enumerable.Range(0, count).Select(
            i => new User(Guid.CreateVersion7().ToString(), $"user{i}@example.com", null, i == 0 ? User.Owner : User.Member)).ToList();
        await using var connection = await database.OpenWriterAsync(CancellationToken.None);
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("insert into first_run (id, completed_at) values (1, @now)", new { now }, transaction);
        await connection.ExecuteAsync(
            """
            insert into users (id, email, email_key, role, password_hash, created_at, updated_at)
            values (@Id, @Email, @Email, @Role, 'none', @now, @now)
            """,
            users.Select(user => new { user.Id, user.Email, user.Role, now }),
            transaction);
        await transaction.CommitAsync();
        return users;
    }
}
