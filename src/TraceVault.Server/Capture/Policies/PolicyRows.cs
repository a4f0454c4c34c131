using Dapper;
using TraceVault.Changes;
using TraceVault.Storage;

namespace TraceVault.Capture.Policies;

/// <summary>The policy and the choices in the database.</summary>
internal sealed class PolicyRows(Database database)
{
    private const string Columns = "p.version, p.mode, p.members_may, p.content_days, p.usage_days, p.others_content";

    private sealed class Row
    {
        public long Version { get; init; }

        public string Mode { get; init; } = "";

        public string MembersMay { get; init; } = "";

        public long ContentDays { get; init; }

        public long UsageDays { get; init; }

        public string OthersContent { get; init; } = "";

        public string? UserId { get; init; }

        public string? Choice { get; init; }

        /// <summary>A word that only a newer server knows counts as the one that keeps, or allows, the least.</summary>
        public CapturePolicy Policy => new(
            PolicyWords.Modes.Find(Mode) ?? CaptureMode.Off,
            PolicyWords.MembersMay.Find(MembersMay) ?? Policies.MembersMay.Nothing,
            (int)ContentDays,
            (int)UsageDays,
            PolicyWords.OthersContent.Find(OthersContent) ?? Policies.OthersContent.Never);
    }

    /// <returns>A number that is another one after each change.</returns>
    public async Task<long> VersionAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.ExecuteScalarAsync<long>(
            new CommandDefinition("select version from capture_policy where id = 1", cancellationToken: cancel));
    }

    /// <summary>Reads everything in one statement, so that it belongs together.</summary>
    public async Task<PolicySnapshot> ReadAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        var rows = (await connection.QueryAsync<Row>(new CommandDefinition(
            $"select {Columns}, c.user_id, c.mode as choice from capture_policy p left join capture_choices c on 1 = 1 where p.id = 1",
            cancellationToken: cancel))).AsList();
        return rows.Count == 0
            ? PolicySnapshot.Unknown
            : new PolicySnapshot(rows[0].Version, rows[0].Policy, rows.Where(row => row.UserId is not null).ToDictionary(
                row => row.UserId!, row => PolicyWords.Modes.Find(row.Choice) ?? CaptureMode.Off, StringComparer.Ordinal));
    }

    /// <summary>Numbers the change under way, which locks the policy until its end.</summary>
    /// <returns>The policy as it is.</returns>
    public static async Task<CapturePolicy> BeginAsync(Change change)
    {
        await change.ExecuteAsync("update capture_policy set version = version + 1 where id = 1");
        return (await change.FindAsync<Row>($"select {Columns} from capture_policy p where p.id = 1"))?.Policy
            ?? throw new InvalidOperationException("The table capture_policy has lost its row.");
    }

    public static Task WriteAsync(Change change, CapturePolicy policy) => change.ExecuteAsync(
        """
        update capture_policy set mode = @Mode, members_may = @MembersMay, content_days = @ContentDays, usage_days = @UsageDays,
            others_content = @OthersContent
        where id = 1
        """,
        new
        {
            Mode = PolicyWords.Modes.Of(policy.Mode),
            MembersMay = PolicyWords.MembersMay.Of(policy.MembersMay),
            ContentDays = (long)policy.ContentDays,
            UsageDays = (long)policy.UsageDays,
            OthersContent = PolicyWords.OthersContent.Of(policy.OthersContent),
        });

    /// <returns>The word of the user's choice, null when they made none.</returns>
    public static Task<string?> ChoiceAsync(Change change, string userId) =>
        change.FindAsync<string>("select mode from capture_choices where user_id = @userId", new { userId });

    public static Task WriteChoiceAsync(Change change, string userId, CaptureMode? choice) => choice is { } mode
        ? change.ExecuteAsync(
            """
            insert into capture_choices (user_id, mode, chosen_at) values (@userId, @Mode, @Now)
            on conflict (user_id) do update set mode = excluded.mode, chosen_at = excluded.chosen_at
            """,
            new { userId, Mode = PolicyWords.Modes.Of(mode), change.Now })
        : change.ExecuteAsync("delete from capture_choices where user_id = @userId", new { userId });
}
