using FluentMigrator;

namespace TraceVault.Storage;

// A long file that only grows: a migration is read after those before it, and never changed.

/// <summary>Accounts, their sessions and their provider keys. Ids are UUIDv7 text made by code; times are Unix milliseconds UTC.</summary>
[Migration(1, "accounts and keys")]
public sealed class AccountsAndKeys : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up()
    {
        Create.Table("users")
            .WithColumn("id").AsText().PrimaryKey()
            .WithColumn("email").AsText().NotNullable()
            .WithColumn("email_key").AsText().NotNullable().Unique() // lower case, so that one address has one account
            .WithColumn("name").AsText().Nullable()
            .WithColumn("role").AsText().NotNullable()
            .WithColumn("password_hash").AsText().NotNullable()
            .WithColumn("created_at").AsInt64().NotNullable()
            .WithColumn("updated_at").AsInt64().NotNullable();

        Create.Table("auth_sessions")
            .WithColumn("id").AsText().PrimaryKey()
            .WithColumn("user_id").AsText().NotNullable().ForeignKey("users", "id").OnDelete(System.Data.Rule.Cascade).Indexed()
            .WithColumn("token_hash").AsBytes().NotNullable().Unique() // SHA-256 of the token
            .WithColumn("client").AsText().Nullable()
            .WithColumn("address").AsText().Nullable()
            .WithColumn("created_at").AsInt64().NotNullable()
            .WithColumn("expires_at").AsInt64().NotNullable()
            .WithColumn("last_used_at").AsInt64().NotNullable();

        Create.Table("user_anthropic_keys")
            .WithColumn("user_id").AsText().PrimaryKey().ForeignKey("users", "id").OnDelete(System.Data.Rule.Cascade)
            .WithColumn("sealed").AsBytes().NotNullable()
            .WithColumn("key_id").AsText().NotNullable()
            .WithColumn("max_concurrent").AsInt64().NotNullable()
            .WithColumn("created_at").AsInt64().NotNullable()
            .WithColumn("updated_at").AsInt64().NotNullable()
            .WithColumn("last_used_at").AsInt64().Nullable();

        // At most one row: its primary key decides which of two concurrent set-ups was first.
        Create.Table("first_run")
            .WithColumn("id").AsInt64().PrimaryKey()
            .WithColumn("completed_at").AsInt64().NotNullable();

        Create.Table("sign_in_failures")
            .WithColumn("subject").AsText().PrimaryKey()
            .WithColumn("failures").AsInt64().NotNullable()
            .WithColumn("window_started_at").AsInt64().NotNullable();
    }
}

/// <summary>Long-lived tokens for programs.</summary>
[Migration(2, "proxy tokens")]
public sealed class LongLivedTokens : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up() => Create.Table("proxy_tokens")
        .WithColumn("id").AsText().PrimaryKey()
        .WithColumn("user_id").AsText().NotNullable().ForeignKey("users", "id").OnDelete(System.Data.Rule.Cascade).Indexed()
        .WithColumn("name").AsText().NotNullable()
        .WithColumn("token_hash").AsBytes().NotNullable().Unique() // SHA-256 of the token
        .WithColumn("created_at").AsInt64().NotNullable()
        .WithColumn("expires_at").AsInt64().Nullable() // null: until it is revoked
        .WithColumn("last_used_at").AsInt64().Nullable();
}

/// <summary>The audit log. It refers to no other table, so that events stay when an account is removed.</summary>
[Migration(3, "audit log")]
public sealed class AuditEvents : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up()
    {
        Create.Table("audit_events")
            .WithColumn("id").AsText().PrimaryKey()
            .WithColumn("at").AsInt64().NotNullable().Indexed()
            .WithColumn("action").AsText().NotNullable()
            .WithColumn("outcome").AsText().NotNullable()
            .WithColumn("actor_id").AsText().Nullable()
            .WithColumn("actor_email").AsText().Nullable()
            .WithColumn("subject_id").AsText().Nullable()
            .WithColumn("subject_email").AsText().Nullable()
            .WithColumn("target").AsText().Nullable()
            .WithColumn("client").AsText().Nullable()
            .WithColumn("address").AsText().Nullable();

        IfDatabase("sqlite").Execute.Sql(
            "create trigger audit_events_no_update before update on audit_events "
            + "begin select raise(abort, 'the audit log is append-only'); end");
        IfDatabase("sqlite").Execute.Sql(
            "create trigger audit_events_no_delete before delete on audit_events "
            + "begin select raise(abort, 'the audit log is append-only'); end");
        // REPLACE deletes rows without running a trigger for deletions (https://www.sqlite.org/lang_conflict.html).
        IfDatabase("sqlite").Execute.Sql("""
            create trigger audit_events_no_replace before insert on audit_events when exists (select 1 from audit_events where id = new.id)
            begin select raise(abort, 'the audit log is append-only'); end
            """);
        IfDatabase("PostgreSQL").Execute.Sql("""
            create function audit_events_append_only() returns trigger language plpgsql as
            $$ begin raise exception 'the audit log is append-only'; end $$;
            create trigger audit_events_no_change before update or delete or truncate on audit_events
            for each statement execute function audit_events_append_only();
            """);
    }
}

/// <summary>The keys that protect antiforgery tokens, sealed under the master key.</summary>
[Migration(4, "data protection keys")]
public sealed class DataProtectionKeys : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up() => Create.Table("data_protection_keys")
        .WithColumn("name").AsText().PrimaryKey()
        .WithColumn("xml").AsText().NotNullable()
        .WithColumn("created_at").AsInt64().NotNullable();
}

/// <summary>Devices that ask to be signed in, and the tokens that refresh their sessions.</summary>
[Migration(5, "device sign-in")]
public sealed class DeviceSignIn : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up()
    {
        // The column user_id is the user who approved or refused.
        Create.Table("device_authorizations")
            .WithColumn("id").AsText().PrimaryKey() // the session of the device gets the same id
            .WithColumn("device_code_hash").AsBytes().NotNullable().Unique() // SHA-256 of the device code
            .WithColumn("user_code").AsText().NotNullable().Unique() // eight letters, without the dash
            .WithColumn("state").AsText().NotNullable() // pending, approved, refused, used
            .WithColumn("user_id").AsText().Nullable().ForeignKey("users", "id").OnDelete(System.Data.Rule.Cascade).Indexed()
            .WithColumn("client").AsText().Nullable()
            .WithColumn("address").AsText().Nullable()
            .WithColumn("source").AsText().NotNullable().Indexed() // what counts as one address
            .WithColumn("created_at").AsInt64().NotNullable()
            .WithColumn("expires_at").AsInt64().NotNullable().Indexed()
            .WithColumn("interval_seconds").AsInt64().NotNullable()
            .WithColumn("polled_at").AsInt64().NotNullable(); // 0: never

        // SHA-256 of the refresh token in force and of the one before; null for a session without refresh tokens.
        foreach (var column in (string[])["refresh_hash", "previous_refresh_hash"])
        {
            Alter.Table("auth_sessions").AddColumn(column).AsBytes().Nullable();
            // SQLite cannot add a unique column.
            Create.Index($"ix_auth_sessions_{column}").OnTable("auth_sessions").OnColumn(column).Unique();
        }

        Alter.Table("auth_sessions").AddColumn("refreshed_at").AsInt64().Nullable();
    }
}

/// <summary>Members: who is disabled, and the links with which people join and choose a new password.</summary>
[Migration(6, "members")]
public sealed class MembersAndLinks : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up()
    {
        Alter.Table("users").AddColumn("disabled_at").AsInt64().Nullable();

        Create.Table("invites")
            .WithColumn("id").AsText().PrimaryKey()
            .WithColumn("email").AsText().NotNullable()
            .WithColumn("email_key").AsText().NotNullable().Unique()
            .WithColumn("role").AsText().NotNullable()
            .WithColumn("token_hash").AsBytes().NotNullable().Unique() // SHA-256 of the token
            .WithColumn("invited_by").AsText().NotNullable().ForeignKey("users", "id").OnDelete(System.Data.Rule.Cascade).Indexed()
            .WithColumn("created_at").AsInt64().NotNullable()
            .WithColumn("expires_at").AsInt64().NotNullable();

        // One for each user: a new link replaces the one before. The column issued_by is null for a link issued at the machine itself.
        Create.Table("password_resets")
            .WithColumn("user_id").AsText().PrimaryKey().ForeignKey("users", "id").OnDelete(System.Data.Rule.Cascade)
            .WithColumn("token_hash").AsBytes().NotNullable().Unique() // SHA-256 of the token
            .WithColumn("issued_by").AsText().Nullable().ForeignKey("users", "id").OnDelete(System.Data.Rule.Cascade).Indexed()
            .WithColumn("created_at").AsInt64().NotNullable()
            .WithColumn("expires_at").AsInt64().NotNullable();
    }
}

/// <summary>The session that approved a device, until the device has fetched its tokens: the approval ends with the session.</summary>
[Migration(7, "approvals end with their session")]
public sealed class ApprovalsOfSessions : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up()
    {
        // Written in SQL, because FluentMigrator cannot add a reference to an existing table on SQLite.
        Execute.Sql("alter table device_authorizations add column approved_by text null references auth_sessions (id) on delete cascade");
        Create.Index("ix_device_authorizations_approved_by").OnTable("device_authorizations").OnColumn("approved_by");
    }
}

/// <summary>The refresh tokens that a session had before its last two: if one of them is used again, the session ends.</summary>
[Migration(8, "spent refresh tokens")]
public sealed class SpentRefreshTokens : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up() => Create.Table("spent_refresh_tokens")
        .WithColumn("token_hash").AsBytes().PrimaryKey() // SHA-256 of the token
        .WithColumn("session_id").AsText().NotNullable().ForeignKey("auth_sessions", "id").OnDelete(System.Data.Rule.Cascade).Indexed();
}

/// <summary>The master key itself now protects the tokens in forms.</summary>
[Migration(9, "no data protection keys")]
public sealed class NoDataProtectionKeys : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up() => Delete.Table("data_protection_keys");
}

/// <summary>
/// What is remembered of a device's tokens after a refresh: the replaced access token, for some minutes, and where each refresh token
/// was issued.
/// </summary>
[Migration(10, "refreshed tokens")]
public sealed class RefreshedTokens : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up()
    {
        // Where the tokens in force were issued, in the form of Places.
        Alter.Table("auth_sessions").AddColumn("refresh_place").AsText().Nullable();
        Alter.Table("spent_refresh_tokens").AddColumn("place").AsText().Nullable();
        // SHA-256 of the access token that was issued with it.
        Alter.Table("spent_refresh_tokens").AddColumn("access_hash").AsBytes().Nullable();
        Alter.Table("spent_refresh_tokens").AddColumn("access_until").AsInt64().Nullable();
        Alter.Table("spent_refresh_tokens").AddColumn("shown_at").AsInt64().Nullable(); // when somebody last used it again
        Create.Index("ix_spent_refresh_tokens_access_hash").OnTable("spent_refresh_tokens").OnColumn("access_hash").Unique();
        // Until now the session's own row held the refresh token before.
        Execute.Sql(
            "insert into spent_refresh_tokens (token_hash, session_id) "
            + "select previous_refresh_hash, id from auth_sessions where previous_refresh_hash is not null");
        Execute.Sql("update auth_sessions set previous_refresh_hash = null where previous_refresh_hash is not null");
    }
}

/// <summary>
/// When a user was last seen, which outlives their sessions; and an index to count what a user did lately according to the audit log.
/// </summary>
[Migration(11, "last seen")]
public sealed class LastSeen : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up()
    {
        Alter.Table("users").AddColumn("last_seen_at").AsInt64().Nullable();
        Execute.Sql("update users set last_seen_at = (select max(last_used_at) from auth_sessions where user_id = users.id)");
        Create.Index("ix_audit_events_actor_id").OnTable("audit_events").OnColumn("actor_id").Ascending().OnColumn("at").Ascending();
    }
}

/// <summary>
/// What Anthropic says about a stored key: since when it has accepted or refused it. Both are null as long as nobody has tried the key.
/// </summary>
[Migration(12, "state of keys")]
public sealed class KeyStates : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up()
    {
        Alter.Table("user_anthropic_keys").AddColumn("works_since").AsInt64().Nullable();
        Alter.Table("user_anthropic_keys").AddColumn("refused_at").AsInt64().Nullable();
    }
}

/// <summary>What was changed, in the order of the commits, so that other servers learn of it. The counter is a single row.</summary>
[Migration(13, "changes")]
public sealed class NumberedChanges : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up()
    {
        Create.Table("changes")
            .WithColumn("n").AsInt64().PrimaryKey()
            .WithColumn("at").AsInt64().NotNullable()
            .WithColumn("kind").AsText().NotNullable()
            .WithColumn("subject").AsText().NotNullable();
        Create.Table("change_counter").WithColumn("n").AsInt64().NotNullable();
        Execute.Sql("insert into change_counter (n) values (0)");
    }
}

/// <summary>
/// Keys of an owner for a provider replace the users' Anthropic keys, which stay readable under their old name. The seals stay as they
/// were: the vault binds them to their rows when the server starts. The cap on requests at once belongs to the user, not to the key.
/// </summary>
[Migration(14, "provider keys")]
public sealed class KeysOfProviders : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up()
    {
        Create.Table("provider_keys")
            .WithColumn("id").AsText().PrimaryKey()
            .WithColumn("owner_kind").AsText().NotNullable()
            .WithColumn("owner_id").AsText().NotNullable()
            // Only for the key of a user: it is removed with them.
            .WithColumn("user_id").AsText().Nullable().ForeignKey("users", "id").OnDelete(System.Data.Rule.Cascade).Indexed()
            .WithColumn("provider").AsText().NotNullable()
            .WithColumn("sealed").AsBytes().NotNullable()
            .WithColumn("key_id").AsText().NotNullable()
            .WithColumn("binding").AsInt64().NotNullable()
            .WithColumn("created_at").AsInt64().NotNullable()
            .WithColumn("updated_at").AsInt64().NotNullable()
            .WithColumn("last_used_at").AsInt64().Nullable()
            .WithColumn("works_since").AsInt64().Nullable()
            .WithColumn("refused_at").AsInt64().Nullable();
        Create.Index("ux_provider_keys_owner").OnTable("provider_keys")
            .OnColumn("owner_kind").Ascending().OnColumn("owner_id").Ascending().OnColumn("provider").Ascending().WithOptions().Unique();
        Alter.Table("users").AddColumn("max_concurrent").AsInt64().Nullable(); // null: the default
        Execute.Sql("""
            insert into provider_keys (
                id, owner_kind, owner_id, user_id, provider, sealed, key_id, binding,
                created_at, updated_at, last_used_at, works_since, refused_at)
            select user_id, 'user', user_id, user_id, 'anthropic', sealed, key_id, 1,
                created_at, updated_at, last_used_at, works_since, refused_at
            from user_anthropic_keys
            """);
        Execute.Sql("update users set max_concurrent = (select max_concurrent from user_anthropic_keys where user_id = users.id)");
        const string Replace = """
            drop table user_anthropic_keys;
            create view user_anthropic_keys as
            select k.owner_id as user_id, k.sealed, k.key_id, coalesce(u.max_concurrent, 32) as max_concurrent,
                k.created_at, k.updated_at, k.last_used_at, k.works_since, k.refused_at
            from provider_keys k join users u on u.id = k.user_id where k.provider = 'anthropic';
            """;
        IfDatabase("sqlite").Execute.Sql(Replace);
        // Whoever was allowed to read the table, or columns of it, may read the same of the view.
        IfDatabase("PostgreSQL").Execute.Sql($"""
            do $$
            declare
                allowed text[] := array(
                    select format('grant select%s on user_anthropic_keys to %s%s', held.columns,
                        case a.grantee when 0 then 'public' else a.grantee::regrole::text end,
                        case when a.is_grantable then ' with grant option' else '' end)
                    from (
                        select '' as columns, relacl as acl, relowner as owner from pg_class where oid = 'user_anthropic_keys'::regclass
                        union all
                        select format(' (%I)', t.attname), t.attacl, c.relowner
                        from pg_attribute t join pg_class c on c.oid = t.attrelid where c.oid = 'user_anthropic_keys'::regclass
                    ) held, aclexplode(held.acl) a
                    where a.privilege_type = 'SELECT' and a.grantee <> held.owner);
                permission text;
            begin
                {Replace}
                foreach permission in array allowed loop
                    execute permission;
                end loop;
            end $$
            """);
    }
}

/// <summary>
/// The keys of what is recorded, each sealed under the one above it: master key, user, trace. Parts that are kept in the database.
/// </summary>
[Migration(15, "recorded parts")]
public sealed class RecordedParts : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up()
    {
        Create.Table("capture_user_keys")
            .WithColumn("user_id").AsText().PrimaryKey().ForeignKey("users", "id").OnDelete(System.Data.Rule.Cascade)
            .WithColumn("sealed").AsBytes().NotNullable()
            .WithColumn("key_id").AsText().NotNullable().Indexed();
        Create.Table("capture_trace_keys")
            .WithColumn("trace_id").AsText().PrimaryKey()
            .WithColumn("user_id").AsText().NotNullable()
                .ForeignKey("capture_user_keys", "user_id").OnDelete(System.Data.Rule.Cascade).Indexed()
            .WithColumn("sealed").AsBytes().NotNullable();
        Create.Table("part_chunks")
            .WithColumn("part_id").AsText().PrimaryKey()
            .WithColumn("at").AsInt64().PrimaryKey() // the offset of its first byte in the part
            .WithColumn("bytes").AsBytes().NotNullable();
        // What is sealed does not shrink, and a piece of a chunk can be read alone if the whole is not compressed.
        IfDatabase("PostgreSQL").Execute.Sql("alter table part_chunks alter column bytes set storage external");
    }
}

/// <summary>What is recorded of the traffic: the policy, a single row, and the modes that users chose within it.</summary>
[Migration(16, "capture policy")]
public sealed class CapturePolicyAndChoices : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up()
    {
        Create.Table("capture_policy")
            .WithColumn("id").AsInt64().PrimaryKey()
            .WithColumn("version").AsInt64().NotNullable() // grows with each change of the policy or of a choice
            .WithColumn("mode").AsText().NotNullable()
            .WithColumn("members_may").AsText().NotNullable()
            .WithColumn("content_days").AsInt64().NotNullable()
            .WithColumn("usage_days").AsInt64().NotNullable()
            .WithColumn("others_content").AsText().NotNullable();
        Execute.Sql(
            "insert into capture_policy (id, version, mode, members_may, content_days, usage_days, others_content) "
            + "values (1, 1, 'usage', 'more', 30, 400, 'never')");
        // No row: whatever the policy says.
        Create.Table("capture_choices")
            .WithColumn("user_id").AsText().PrimaryKey().ForeignKey("users", "id").OnDelete(System.Data.Rule.Cascade)
            .WithColumn("mode").AsText().NotNullable()
            .WithColumn("chosen_at").AsInt64().NotNullable();
    }
}
