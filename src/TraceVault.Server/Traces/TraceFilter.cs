using System.Globalization;
using TraceVault.Identity;

namespace TraceVault.Traces;

/// <summary>Which traces to list, as parameters for SQL; null: any.</summary>
/// <param name="UserId">Whose.</param>
/// <param name="Email">Whose, by address in lower case.</param>
/// <param name="Client">The name of a client, or its name with the version.</param>
/// <param name="From">Inclusive: traces that were still used then.</param>
/// <param name="To">Exclusive: traces that had begun by then.</param>
/// <param name="Before">The id of a trace: only earlier ones are listed.</param>
/// <param name="Limit">How many at most.</param>
internal sealed record TraceFilter(
    string? UserId,
    string? Email,
    string? Project,
    string? Client,
    string? Model,
    DateTimeOffset From,
    DateTimeOffset To,
    string Before,
    long Limit)
{
    /// <summary>A pattern for the client with any version.</summary>
    public string? AnyVersion => Client?
        .Replace("!", "!!", StringComparison.Ordinal)
        .Replace("%", "!%", StringComparison.Ordinal)
        .Replace("_", "!_", StringComparison.Ordinal) + "/%";

    public const int MaxLimit = 500, DefaultLimit = 100;

    private const string NotATime = "It takes a day such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z.";

    /// <summary>No id comes after it.</summary>
    private static readonly string Newest = Guid.AllBitsSet.ToString();

    /// <param name="query">As typed.</param>
    /// <param name="reader">Who asks. Only owners and administrators may ask for others.</param>
    /// <param name="problems">Receives what is wrong, one sentence for each field.</param>
    public static TraceFilter Read(IQueryCollection query, User reader, Dictionary<string, string[]> problems)
    {
        var asked = Text("user");
        EmailAddress? address = null;
        if (asked is not (null or "all") && !EmailAddress.TryParse(asked, out address))
        {
            problems["user"] = ["It takes an e-mail address, or all."];
        }

        if (asked is not null && !User.Administrators.Contains(reader.Role) && address?.Key != reader.Email)
        {
            problems["user"] = ["Only owners and administrators see the traces of others. Leave user out to see your own."];
        }

        return new TraceFilter(
            asked is null ? reader.Id : null,
            address?.Key,
            Text("project"),
            Text("client"),
            Text("model"),
            Time("from", TimeSpan.Zero) ?? DateTimeOffset.UnixEpoch,
            Time("to", TimeSpan.FromDays(1)) ?? DateTimeOffset.MaxValue,
            Id(query, "before", problems) ?? Newest,
            Count(query, problems));

        string? Text(string name) => query[name].ToString().Trim() is { Length: > 0 } text ? text : null;

        DateTimeOffset? Time(string name, TimeSpan intoDay)
        {
            if (Text(name) is not { } text)
            {
                return null;
            }

            if (DateTimeOffset.TryParseExact(
                text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day))
            {
                return day < DateTimeOffset.MaxValue - intoDay ? day + intoDay : DateTimeOffset.MaxValue;
            }

            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            {
                problems[name] = [NotATime];
            }

            return time;
        }
    }

    /// <returns>An id from the query, in its usual form; null when it was left out or is none.</returns>
    public static string? Id(IQueryCollection query, string name, Dictionary<string, string[]> problems)
    {
        if (query[name].ToString() is not { Length: > 0 } text)
        {
            return null;
        }

        if (Guid.TryParseExact(text, "D", out var id))
        {
            return id.ToString();
        }

        problems[name] = ["It takes the value of next from an earlier answer."];
        return null;
    }

    public static long Count(IQueryCollection query, Dictionary<string, string[]> problems)
    {
        if (query["limit"].ToString() is not { Length: > 0 } text)
        {
            return DefaultLimit;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit)
        {
            return limit;
        }

        problems["limit"] = [$"It takes a whole number from 1 to {MaxLimit}."];
        return DefaultLimit;
    }
}
