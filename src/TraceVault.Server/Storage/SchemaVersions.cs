using FluentMigrator.Runner.VersionTableInfo;

namespace TraceVault.Storage;

/// <summary>The names of the table that records the migrations that ran, in lower case on both engines.</summary>
internal sealed class SchemaVersions : IVersionTableMetaData
{
    public bool OwnsSchema => false;

    public string SchemaName => "";

    public string TableName => "schema_versions";

    public string ColumnName => "version";

    public string DescriptionColumnName => "description";

    public string UniqueIndexName => "ux_schema_versions_version";

    public string AppliedOnColumnName => "applied_on";

    public bool CreateWithPrimaryKey => false;
}
