using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using TraceVault.Storage;

[assembly: AssemblyFixture(typeof(TraceVault.Tests.MigratedDatabases))]

namespace TraceVault.Tests;

/// <summary>
/// A database on each engine that was migrated once in this run and then left alone: tests get copies. Deleted at the end of the run.
/// </summary>
public sealed class MigratedDatabases : IAsyncDisposable
{
    private static readonly Lazy<Task<TestDatabase>> Sqlite = new(() => MigrateAsync("sqlite")),
        Postgres = new(() => MigrateAsync("postgres"));

    public static Task<TestDatabase> GetAsync(string engine) => engine is "postgres" ? Postgres.Value : Sqlite.Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var made in (Lazy<Task<TestDatabase>>[])[Sqlite, Postgres])
        {
            if (made is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            {
                await (await made.Value).DisposeAsync();
            }
        }
    }

    private static async Task<TestDatabase> MigrateAsync(string engine)
    {
        var database = await TestDatabase.CreateEmptyAsync(engine);
        await using (var server = Program.Build(
            TestServer.Arguments(database, upstream: null), services => services.RemoveAll<ILoggerProvider>()))
        {
            await server.Services.GetRequiredService<Migrator>().MigrateAsync(Patience.Cancel);
        }

        if (engine is "postgres")
        {
            await database.GoAwayAsync(); // what is copied must have no connections
        }

        return database;
    }
}
