namespace TraceVault.Audit;

/// <summary>Which events somebody asks for, as typed; an <see cref="AuditFilter"/> is made from it.</summary>
public sealed record AuditQuery(
    string? Actor, string? Subject, string? Action, string? Outcome, string? From, string? To, string? Before, string? Limit)
{
    /// <summary>Whether any filter is set.</summary>
    public bool IsNarrow => (Actor ?? Subject ?? Action ?? Outcome ?? From ?? To) is not null;

    public static ValueTask<AuditQuery> BindAsync(HttpContext context)
    {
        var query = context.Request.Query;
        return ValueTask.FromResult(new AuditQuery(
            Text("actor"), Text("subject"), Text("action"), Text("outcome"), Text("from"), Text("to"), Text("before"), Text("limit")));

        // A form also sends the fields that nobody filled in.
        string? Text(string name) => query[name].ToString().Trim() is { Length: > 0 } text ? text : null;
    }

    /// <summary>The same filters as a query string, for the events before another one; null: from the newest on.</summary>
    public string Link(string? before) => QueryString.Create(new Dictionary<string, string?>
    {
        ["actor"] = Actor,
        ["subject"] = Subject,
        ["action"] = Action,
        ["outcome"] = Outcome,
        ["from"] = From,
        ["to"] = To,
        ["before"] = before,
    }.Where(pair => pair.Value is not null)).Value ?? "";
}
