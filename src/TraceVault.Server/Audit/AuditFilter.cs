using System.Globalization;
using TraceVault.Identity;

namespace TraceVault.Audit;

/// <summary>Which events to read, as parameters for SQL.</summary>
/// <param name="Actor">Who did it: an e-mail address in lower case; null: anybody.</param>
/// <param name="ActorAsTyped">The same as it was typed, because SQLite lowers only ASCII letters.</param>
/// <param name="Subject">Whose it was, in lower case; null: anybody's.</param>
/// <param name="SubjectAsTyped">The same as it was typed.</param>
/// <param name="Action">An action, or the beginning of several up to a dot; null: all.</param>
/// <param name="Outcome">As the log holds it; null: any.</param>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive.</param>
/// <param name="Before">The id of an event: only earlier events are read.</param>
/// <param name="Limit">How many events at most.</param>
internal sealed record AuditFilter(
    string? Actor,
    string? ActorAsTyped,
    string? Subject,
    string? SubjectAsTyped,
    string? Action,
    string? Outcome,
    DateTimeOffset From,
    DateTimeOffset To,
    string Before,
    long Limit)
{
    public const int MaxLimit = 500, DefaultLimit = 100;

    public static readonly string[] Outcomes = ["done", "failed", "refused"];

    private const string Day = "yyyy-MM-dd";

    /// <summary>RFC 3339 §5.6.</summary>
    private static readonly string[] Times = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>No id comes after it.</summary>
    private static readonly string Newest = Guid.AllBitsSet.ToString();

    /// <param name="query">As typed.</param>
    /// <param name="problems">Receives what is wrong, one sentence for each field.</param>
    /// <returns>Null when something is wrong.</returns>
    public static AuditFilter? Read(AuditQuery query, Dictionary<string, string> problems)
    {
        const string NoAddress = "This is not an e-mail address.",
            NoTime = "It takes a day such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z.";
        var filter = new AuditFilter(
            Check("actor", query.Actor, Address, NoAddress),
            query.Actor,
            Check("subject", query.Subject, Address, NoAddress),
            query.Subject,
            Check(
                "action",
                query.Action,
                text => AuditPhrases.Knows(text) ? text : null,
                "There is no such action. Use one such as key.replaced, or the beginning of several, such as key."),
            Check("outcome", query.Outcome, text => Outcomes.Contains(text) ? text : null, "It takes done, failed or refused."),
            Check("from", query.From, text => Time(text, TimeSpan.Zero), NoTime) ?? DateTimeOffset.UnixEpoch,
            Check("to", query.To, text => Time(text, TimeSpan.FromDays(1)), NoTime) ?? DateTimeOffset.MaxValue,
            Check(
                "before",
                query.Before,
                text => Guid.TryParseExact(text, "D", out var id) ? id.ToString() : null,
                "It takes the value of next from an earlier answer.") ?? Newest,
            Check("limit", query.Limit, Count, $"It takes a whole number from 1 to {MaxLimit}.") ?? DefaultLimit);
        return problems.Count == 0 ? filter : null;

        T? Check<T>(string field, string? text, Func<string, T?> read, string problem)
        {
            var value = text is null ? default : read(text);
            if (text is not null && value is null)
            {
                problems[field] = problem;
            }

            return value;
        }
    }

    private static string? Address(string text) => EmailAddress.TryParse(text, out var email) ? email.Key : null;

    /// <param name="text">A day in UTC, or a time.</param>
    /// <param name="intoDay">Added to a day: a day without a time means its beginning or its end.</param>
    private static DateTimeOffset? Time(string text, TimeSpan intoDay) =>
        DateTimeOffset.TryParseExact(text, Day, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day)
            ? day < DateTimeOffset.MaxValue - intoDay ? day + intoDay : DateTimeOffset.MaxValue
        : DateTimeOffset.TryParseExact(text, Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
        : null;

    private static long? Count(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= MaxLimit ? count : null;
}
