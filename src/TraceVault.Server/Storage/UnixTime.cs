using System.Data;
using Dapper;

namespace TraceVault.Storage;

/// <summary>Stores a <see cref="DateTimeOffset"/> as Unix milliseconds in a 64-bit integer, on either engine.</summary>
internal sealed class UnixTime : SqlMapper.ITypeHandler
{
    /// <summary>The type is set for null too: PostgreSQL would take a null of no type for text.</summary>
    public void SetValue(IDbDataParameter parameter, object value) =>
        (parameter.DbType, parameter.Value) = (DbType.Int64, value is DateTimeOffset time ? time.ToUnixTimeMilliseconds() : DBNull.Value);

    public object? Parse(Type destinationType, object value) => value is long time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;

    /// <summary>The current time as a column can hold it, so that what was just written and what is read later are equal.</summary>
    public static DateTimeOffset Now(TimeProvider clock) =>
        DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Has Dapper use this for all rows and parameters, in place of what the drivers would do.</summary>
    public static void Register()
    {
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset));
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset?));
        SqlMapper.AddTypeHandler(typeof(DateTimeOffset), new UnixTime());
    }
}
