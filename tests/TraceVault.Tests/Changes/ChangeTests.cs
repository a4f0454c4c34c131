using System.Data.Common;
using System.Text.RegularExpressions;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Identity;

namespace TraceVault.Tests.Changes;

/// <summary>The unit of work that makes every change to what people manage.</summary>
public class ChangeTests
{
    private const string Add = "insert into first_run (id, completed_at) values (@id, 0)";

    private static readonly AuditEvent Happened = new(
        "test.happened", new Actor(null, null, new Origin("test", null)), "somebody", "somebody@example.com");

    /// <summary>
    /// The files that open a connection to write without a change, how often, and what for. They may, because nobody manages what they
    /// write, and nobody has to hear of it.
    /// </summary>
    private static readonly Dictionary<string, int> Others = new(StringComparer.Ordinal)
    {
        ["Accounts/Sessions.cs"] = 2, // last use; expired rows deleted
        ["Accounts/SignInThrottle.cs"] = 4, // failures counted, forgotten after a success (of two kinds), expired rows deleted
        ["Accounts/Users.cs"] = 1, // another hash of the same password
        ["Capture/Parts/DatabaseParts.cs"] = 2, // what was recorded, and its end
        ["Capture/Parts/TraceKeys.cs"] = 2, // a key for what is recorded; the same key sealed anew
        ["Capture/Recording/ExchangeRows.cs"] = 1, // exchanges
        ["Capture/Recording/LazyWriter.cs"] = 1, // the traces they belong to, and parts
        ["Capture/Retention/ExpiredTraces.cs"] = 3, // expired content, its parts, expired rows deleted
        ["Changes/AuditLog.cs"] = 1, // a failed attempt
        ["Changes/ChangeMaker.cs"] = 2, // the change; expired rows deleted
        ["Devices/DeviceAuthorizations.cs"] = 4, // asked for by an unknown device, polled, given up before a decision, expired rows deleted
        ["Gateway/LastUseWriter.cs"] = 1, // last use
        ["Keys/ProviderKeys.cs"] = 3, // last use, what the provider says about a key, the same key sealed anew
        ["Members/Invites.cs"] = 1, // expired rows deleted
        ["Members/PasswordResets.cs"] = 1, // expired rows deleted
        ["Storage/Database.cs"] = 2, // the method itself; the file is made
        ["Storage/Migrator.cs"] = 2, // the schema is changed, or looked at by a command
    };

    /// <summary>What is kept without a line in the audit log, or without anybody hearing of it; each says why where it is.</summary>
    private static readonly Dictionary<string, int> Exceptions = new(StringComparer.Ordinal)
    {
        ["Devices/SessionTokens.cs"] = 2, // a client renews its tokens; an old refresh token was shown again
    };

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task What_is_done_is_kept_audited_numbered_and_told_after_it_was_committed(string engine)
    {
        await using var bench = await Bench.StartAsync(engine);

        Assert.Equal("well", await bench.MakeAsync(async change =>
        {
            await change.ExecuteAsync(Add, new { id = 7L });
            Assert.Empty(bench.Told);
            return Verdict.Done("well", ChangeKind.Key, "somebody", Happened);
        }));
        await bench.MakeAsync(change => Task.FromResult(Verdict.DoneUnaudited("", ChangeKind.Access, "somebody else")));

        Assert.Equal([new(ChangeKind.Key, "somebody"), new(ChangeKind.Access, "somebody else")], bench.Told.Select(each => each.Notice));
        Assert.Equal([1, 2], bench.Told.Select(each => each.Committed)); // as another connection saw it when the change was told
        Assert.Equal(["test.happened"], await bench.ListAsync<string>("select action from audit_events"));
        Assert.Equal([7], await bench.ListAsync<long>("select id from first_run"));
        Assert.Equal(
            ["1 key somebody", "2 access somebody else"],
            await bench.ListAsync<string>("select n || ' ' || kind || ' ' || subject from changes order by n"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Where_there_was_nothing_to_change_nothing_is_kept_or_told(string engine)
    {
        await using var bench = await Bench.StartAsync(engine);

        Assert.Equal("nothing", await bench.MakeAsync(async change =>
        {
            await change.ExecuteAsync(Add, new { id = 7L });
            await change.AlsoHappenedAsync(Happened);
            return Verdict.Nothing("nothing");
        }));
        await Assert.ThrowsAsync<InvalidOperationException>(() => bench.MakeAsync<string>(async change =>
        {
            await change.ExecuteAsync(Add, new { id = 8L });
            throw new InvalidOperationException();
        }));

        Assert.Empty(bench.Told);
        Assert.Equal([0, 0, 0], await bench.ListAsync<long>(
            "select count(*) from first_run union all select count(*) from audit_events union all select count(*) from changes"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task What_was_refused_is_only_in_the_audit_log(string engine)
    {
        await using var bench = await Bench.StartAsync(engine);

        await bench.MakeAsync(change => Task.FromResult(Verdict.Refused("", Happened)));
        await bench.MakeAsync(change => Task.FromResult(Verdict.Recorded("", Happened with { Action = "test.noted" })));

        Assert.Empty(bench.Told);
        Assert.Equal(
            ["test.happened refused", "test.noted done"],
            await bench.ListAsync<string>("select action || ' ' || outcome from audit_events order by action"));
        Assert.Equal([0], await bench.ListAsync<long>("select count(*) from changes"));
    }

    /// <summary>
    /// No change gets a number below one that was already told: a reader that has seen a number asks only for those above it.
    /// </summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_numbers_follow_the_order_of_the_commits(string engine)
    {
        const int Many = 20;
        await using var bench = await Bench.StartAsync(engine);
        await using var reader = await bench.OpenAsync();
        var (seen, missed) = (0L, 0);

        var changes = Enumerable.Range(0, Many).Select(i => bench.MakeAsync(async change =>
        {
            await change.ExecuteAsync(Add, new { id = (long)i });
            await Task.Yield();
            return Verdict.Done(i, ChangeKind.Invite, $"{i}", Happened);
        })).ToList();
        for (var isOver = false; !isOver;)
        {
            isOver = changes.TrueForAll(change => change.IsCompleted);
            foreach (var n in await reader.QueryAsync<long>("select n from changes where n > @seen order by n", new { seen }))
            {
                missed += n == seen + 1 ? 0 : 1;
                seen = n;
            }
        }

        await Task.WhenAll(changes);
        Assert.Equal((Many, 0), (seen, missed));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Of_two_changes_of_one_user_one_waits_for_the_other(string engine)
    {
        await using var bench = await Bench.StartAsync(engine);
        var user = await bench.Server.Services.GetRequiredService<Users>().CreateFirstAsync(
            EmailAddress.Of("a@example.com"), null, "hash", Happened.Actor.Origin, Patience.Cancel);
        using var goOn = new SemaphoreSlim(0);
        var begun = new TaskCompletionSource();
        Task<int> Count(Func<Task> then) => bench.MakeAsync(Scope.User(user!.Id), async change =>
        {
            var before = int.Parse(
                (await change.FindAsync<string>("select coalesce(name, '0') from users"))!,
                System.Globalization.CultureInfo.InvariantCulture);
            await then();
            await change.ExecuteAsync("update users set name = @name", new { name = $"{before + 1}" });
            return Verdict.Done(before + 1, ChangeKind.Member, user.Id, Happened);
        });

        var first = Count(() =>
        {
            begun.SetResult();
            return goOn.WaitAsync(Patience.Cancel);
        });
        await begun.Task.WaitAsync(Patience.Cancel);
        var second = Count(() => Task.CompletedTask);
        goOn.Release();

        var counted = await Task.WhenAll(first, second).WaitAsync(Patience.Cancel);
        Assert.Equal([1, 2], counted);
    }

    /// <summary>
    /// A connection that breaks at the commit leaves open whether the change was made, so whoever keeps something has to look again.
    /// </summary>
    [Fact]
    public async Task A_change_whose_commit_broke_is_told()
    {
        await using var bench = await Bench.StartAsync("postgres");
        await using var breaker = await bench.OpenAsync();
        var process = 0;

        await Assert.ThrowsAnyAsync<DbException>(() => bench.MakeAsync(async change =>
        {
            process = await change.FindAsync<int>("select pg_backend_pid()");
            // The function runs at the commit, and ends the connection that commits.
            await change.ExecuteAsync(
                "create function break_off() returns trigger language plpgsql as $$ begin perform "
                + "pg_terminate_backend(pg_backend_pid()); return null; end $$");
            await change.ExecuteAsync(
                "create constraint trigger breaks_off after insert on first_run deferrable initially deferred for each row "
                + "execute function break_off()");
            await change.ExecuteAsync(Add, new { id = 7L });
            return Verdict.Done("", ChangeKind.Key, "somebody", Happened);
        }));

        Assert.Equal([new(ChangeKind.Key, "somebody")], bench.Told.Select(each => each.Notice));
    }

    /// <summary>What was tried is told, even if the step had written before it found out that it must not.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Of_what_is_refused_only_the_event_is_kept(string engine)
    {
        await using var bench = await Bench.StartAsync(engine);

        await bench.MakeAsync(async change =>
        {
            await change.ExecuteAsync(Add, new { id = 7L });
            await change.AlsoHappenedAsync(Happened);
            return Verdict.Refused("", Happened);
        });

        Assert.Empty(bench.Told);
        Assert.Equal(["refused"], await bench.ListAsync<string>("select outcome from audit_events"));
        Assert.Empty(await bench.ListAsync<long>("select id from first_run"));
    }

    /// <summary>
    /// Nobody hears of a write that bypasses <see cref="ChangeMaker"/>: a new one has to say in the list why that is right.
    /// </summary>
    [Fact]
    public void Nothing_else_writes_to_the_database()
    {
        Assert.Equal(Others, CountInSources(@"\bOpenWriterAsync\("));
        Assert.Equal(Exceptions, CountInSources(@"\bVerdict\.(DoneUnaudited|Recorded)\("));
    }

    private static SortedDictionary<string, int> CountInSources(string pattern)
    {
        var server = Path.Combine(Repository.Root, "src", "TraceVault.Server");
        return new(
            Directory.EnumerateFiles(server, "*.cs", SearchOption.AllDirectories)
                .Select(file => (Name: Path.GetRelativePath(server, file), Count: Regex.Count(File.ReadAllText(file), pattern)))
                .Where(each => each.Count > 0)
                .ToDictionary(each => each.Name, each => each.Count),
            StringComparer.Ordinal);
    }

    private sealed class Bench : IAsyncDisposable
    {
        private readonly TestDatabase _database;
        private readonly List<(ChangeNotice Notice, long Committed)> _told = [];

        private Bench(TestDatabase database, TestServer server) => (_database, Server) = (database, server);

        public TestServer Server { get; }

        public IReadOnlyList<(ChangeNotice Notice, long Committed)> Told => _told;

        public static async Task<Bench> StartAsync(string engine)
        {
            var database = await TestDatabase.CreateAsync(engine);
            var bench = new Bench(database, await TestServer.StartAsync(database));
            var looking = await database.OpenAsync();
            bench.Server.Services.GetRequiredService<ChangeFeed>().Changed += notice =>
            {
                lock (bench._told)
                {
                    bench._told.Add((notice, looking.ExecuteScalar<long>("select count(*) from changes")));
                }
            };
            return bench;
        }

        public Task<DbConnection> OpenAsync() => _database.OpenAsync();

        public Task<T> MakeAsync<T>(Func<Change, Task<Verdict<T>>> step) => MakeAsync(Scope.None, step);

        public Task<T> MakeAsync<T>(Scope scope, Func<Change, Task<Verdict<T>>> step) =>
            Server.Services.GetRequiredService<ChangeMaker>().MakeAsync(scope, step, Patience.Cancel);

        public async Task<List<T>> ListAsync<T>(string sql)
        {
            await using var connection = await OpenAsync();
            return (await connection.QueryAsync<T>(sql)).AsList();
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await _database.DisposeAsync();
        }
    }
}
