using FluentMigrator.Builders.Alter.Table;
using FluentMigrator.Builders.Create.Table;

namespace TraceVault.Storage;

/// <summary>The text and byte columns of both engines, without a length.</summary>
internal static class ColumnTypes
{
    public static ICreateTableColumnOptionOrWithColumnSyntax AsText(this ICreateTableColumnAsTypeSyntax column) =>
        column.AsString(int.MaxValue);

    public static ICreateTableColumnOptionOrWithColumnSyntax AsBytes(this ICreateTableColumnAsTypeSyntax column) =>
        column.AsBinary(int.MaxValue);

    public static IAlterTableColumnOptionOrAddColumnOrAlterColumnSyntax AsText(this IAlterTableColumnAsTypeSyntax column) =>
        column.AsString(int.MaxValue);

    public static IAlterTableColumnOptionOrAddColumnOrAlterColumnSyntax AsBytes(this IAlterTableColumnAsTypeSyntax column) =>
        column.AsBinary(int.MaxValue);
}
