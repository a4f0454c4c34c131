using FluentMigrator;
using TraceVault.Storage;

namespace TraceVault.Capture.Recording;

/// <summary>
/// Traces, their agents and their exchanges. A trace and an agent have a short number besides their names, because each exchange repeats
/// it. No row of a user refers to their account: what was used stays in the sums when somebody is removed.
/// </summary>
[Migration(17, "traces")]
public sealed class CaptureTables : ForwardOnlyMigration
{
    /// <inheritdoc />
    public override void Up()
    {
        Create.Table("traces")
            .WithColumn("n").AsInt64().PrimaryKey().Identity()
            .WithColumn("id").AsText().NotNullable().Unique()
            .WithColumn("user_id").AsText().NotNullable()
            .WithColumn("session_key").AsText().NotNullable() // the client's name of the session, after the kind of that name
            .WithColumn("client").AsText().Nullable()
            .WithColumn("project").AsText().Nullable()
            .WithColumn("labels").AsText().Nullable()
            .WithColumn("started_at").AsInt64().NotNullable()
            .WithColumn("last_at").AsInt64().NotNullable()
            .WithColumn("exchanges").AsInt64().NotNullable().WithDefaultValue(0)
            .WithColumn("messages").AsInt64().NotNullable().WithDefaultValue(0)
            .WithColumn("errors").AsInt64().NotNullable().WithDefaultValue(0)
            .WithColumn("wire_bytes").AsInt64().NotNullable().WithDefaultValue(0)
            .WithColumn("stored_bytes").AsInt64().NotNullable().WithDefaultValue(0)
            .WithColumn("recorded").AsInt64().NotNullable().WithDefaultValue(0) // the most of its exchanges: 0 nothing, 1 usage, 2 all
            .WithColumn("erased_at").AsInt64().Nullable();
        Create.Index("ux_traces_session").OnTable("traces")
            .OnColumn("user_id").Ascending().OnColumn("session_key").Ascending().WithOptions().Unique();
        Create.Index("ix_traces_last_at").OnTable("traces").OnColumn("user_id").Ascending().OnColumn("last_at").Ascending();
        Create.Table("trace_agents")
            .WithColumn("n").AsInt64().PrimaryKey().Identity()
            .WithColumn("trace_n").AsInt64().NotNullable().ForeignKey("traces", "n").OnDelete(System.Data.Rule.Cascade)
            .WithColumn("agent_id").AsText().NotNullable() // as the client says; empty for the main one
            .WithColumn("parent_id").AsText().Nullable();
        Create.Index("ux_trace_agents").OnTable("trace_agents")
            .OnColumn("trace_n").Ascending().OnColumn("agent_id").Ascending().WithOptions().Unique();
        Create.Table("parts")
            .WithColumn("n").AsInt64().PrimaryKey().Identity()
            .WithColumn("id").AsText().NotNullable().Unique()
            .WithColumn("user_id").AsText().NotNullable()
            .WithColumn("trace_n").AsInt64().Nullable() // null for exchanges that are alone: those of a user share parts
            .WithColumn("length").AsInt64().NotNullable()
            .WithColumn("last_at").AsInt64().NotNullable();
        Create.Index("ix_parts_last_at").OnTable("parts").OnColumn("last_at").Ascending();
        Create.Table("exchanges")
            .WithColumn("id").AsText().PrimaryKey()
            .WithColumn("trace_n").AsInt64().NotNullable().ForeignKey("traces", "n").OnDelete(System.Data.Rule.Cascade)
            .WithColumn("agent_n").AsInt64().NotNullable()
            .WithColumn("token_id").AsText().NotNullable()
            .WithColumn("provider").AsText().NotNullable()
            .WithColumn("kind").AsText().NotNullable()
            .WithColumn("method").AsText().NotNullable()
            .WithColumn("path").AsText().NotNullable()
            .WithColumn("started_at").AsInt64().NotNullable()
            .WithColumn("first_byte_us").AsInt64().Nullable()
            .WithColumn("duration_us").AsInt64().NotNullable()
            .WithColumn("status").AsInt64().Nullable()
            .WithColumn("outcome").AsText().NotNullable()
            .WithColumn("error_type").AsText().Nullable()
            .WithColumn("error_code").AsText().Nullable()
            .WithColumn("is_stream").AsInt64().NotNullable()
            .WithColumn("model_asked").AsText().Nullable()
            .WithColumn("model").AsText().Nullable()
            .WithColumn("stop_reason").AsText().Nullable()
            .WithColumn("upstream_request_id").AsText().Nullable()
            .WithColumn("message_id").AsText().Nullable()
            .WithColumn("request_bytes").AsInt64().NotNullable()
            .WithColumn("response_bytes").AsInt64().NotNullable()
            .WithColumn("recorded").AsInt64().NotNullable()
            .WithColumn("gap_bytes").AsInt64().NotNullable()
            .WithColumn("retry_of").AsText().Nullable()
            .WithColumn("usage").AsText().Nullable() // the provider's own JSON
            .WithColumn("usage_source").AsText().NotNullable()
            .WithColumn("part_n").AsInt64().Nullable() // where the bodies are: the request's frame, and behind it that of the answer
            .WithColumn("frames_at").AsInt64().Nullable()
            .WithColumn("request_frame").AsInt64().Nullable() // lengths
            .WithColumn("response_frame").AsInt64().Nullable();
        Create.Index("ix_exchanges_trace").OnTable("exchanges").OnColumn("trace_n").Ascending().OnColumn("id").Ascending();
    }
}
