using System.Data.Common;

namespace TraceVault.Tests.Audit;

public class AuditLogTests
{
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_database_refuses_to_change_or_forget_an_event(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        var count = await rig.CountAsync("audit_events");

        foreach (var sql in (IEnumerable<string>)[
            "update audit_events set actor_email = 'x'", "delete from audit_events",
            engine == "sqlite" ? "insert or replace into audit_events select id, 0, 'x', 'x', null, null, null, null, null, null, null from audit_events" : "truncate audit_events"])
        {
            var problem = await Assert.ThrowsAnyAsync<DbException>(() => rig.ExecuteAsync(sql));
            Assert.Contains("the audit log is append-only", problem.Message);
        }

        Assert.Equal(count, await rig.CountAsync("audit_events where action <> 'x'"));
    }
}
