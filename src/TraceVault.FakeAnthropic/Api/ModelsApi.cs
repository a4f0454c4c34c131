using System.Globalization;
using System.Text.Json.Nodes;

namespace TraceVault.FakeAnthropic;

/// <summary>GET /v1/models and /v1/models/{id}: https://docs.anthropic.com/en/api/models-list.</summary>
internal static class ModelsApi
{
    private static readonly (string Id, string Name, string Created)[] Models =
    [
        ("claude-opus-4-5-20251101", "Claude Opus 4.5", "2025-11-24T00:00:00Z"),
        ("claude-haiku-4-5-20251001", "Claude Haiku 4.5", "2025-10-15T00:00:00Z"),
        (SseScript.DefaultModel, "Claude Sonnet 4.5", "2025-09-29T00:00:00Z"),
        ("claude-opus-4-1-20250805", "Claude Opus 4.1", "2025-08-05T00:00:00Z"),
        ("claude-opus-4-20250514", "Claude Opus 4", "2025-05-22T00:00:00Z"),
        ("claude-sonnet-4-20250514", "Claude Sonnet 4", "2025-05-22T00:00:00Z"),
    ];

    /// <summary>Newest first; the limit is 1 to 1000, by default 20.</summary>
    public static Task ListAsync(Exchange exchange)
    {
        var query = exchange.Context.Request.Query;
        var limit = 20;
        if (query["limit"] is [{ } text, ..] && !(int.TryParse(text, NumberStyles.None, null, out limit) && limit is >= 1 and <= 1000))
        {
            return ApiError.WriteAsync(exchange, 400, "limit: Input should be between 1 and 1000");
        }

        var after = Array.FindIndex(Models, model => model.Id == query["after_id"]) + 1;
        var before = Array.FindIndex(Models, model => model.Id == query["before_id"]);
        var (start, end) = before >= 0 ? (Math.Max(0, before - limit), before) : (after, Math.Min(Models.Length, after + limit));
        var page = Models[start..end];
        return ReplyWriter.WriteJsonAsync(exchange, new JsonObject
        {
            ["data"] = new JsonArray([.. page.Select(Json)]),
            ["has_more"] = before >= 0 ? start > 0 : end < Models.Length,
            ["first_id"] = page is [var first, ..] ? first.Id : null,
            ["last_id"] = page is [.., var last] ? last.Id : null,
        });
    }

    public static Task ShowAsync(Exchange exchange, string id) => Models.FirstOrDefault(model => model.Id == id) is { Id: not null } found
        ? ReplyWriter.WriteJsonAsync(exchange, Json(found))
        : ApiError.WriteAsync(exchange, 404, $"model: {id}");

    private static JsonObject Json((string Id, string Name, string Created) model) =>
        new() { ["type"] = "model", ["id"] = model.Id, ["display_name"] = model.Name, ["created_at"] = model.Created };
}
