using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace TraceVault.FakeAnthropic;

/// <summary>POST /v1/messages and /v1/messages/count_tokens, with the real API's errors about what is missing.</summary>
internal static class MessagesApi
{
    /// <summary>Canned streams, so that a benchmark does not measure how the fake writes JSON. At most 32, kept for good.</summary>
    private static readonly ConcurrentDictionary<(int Events, int Seed, string Model), IReadOnlyList<SseEvent>> Canned = new();

    public static Task CountAsync(Exchange exchange) => Complaint(exchange, counting: true) is var (status, message)
        ? ApiError.WriteAsync(exchange, status, message)
        : ReplyWriter.WriteJsonAsync(exchange, new JsonObject { ["input_tokens"] = exchange.Request!.InputTokens });

    public static Task CreateAsync(Exchange exchange)
    {
        if (Complaint(exchange, counting: false) is var (status, message))
        {
            return ApiError.WriteAsync(exchange, status, message);
        }

        exchange.SetRateLimits();
        var request = exchange.Request!;
        if (exchange.Find(FaultKind.Huge) is { } huge)
        {
            return ReplyWriter.WriteHugeAsync(exchange, huge.Bytes);
        }

        var pace = exchange.Find(FaultKind.Reply)?.Pace ?? exchange.Options.Pace;
        if (request.Stream && exchange.Find(FaultKind.Reply) is { } canned && request.Judge([]) is null)
        {
            return ReplyWriter.WriteEventsAsync(exchange, CannedEvents(canned, exchange.Model), pace);
        }

        var reply = ReplyTo(exchange, request);
        reply = reply with { SafeguardResults = request.Judge(reply.Blocks) };
        return request.Stream
            ? ReplyWriter.WriteEventsAsync(exchange, SseScript.Events(reply, exchange.Seed), pace)
            : ReplyWriter.WriteJsonAsync(exchange, ReplyJson.Message(reply));
    }

    private static Reply ReplyTo(Exchange exchange, MessagesRequest request)
    {
        if (exchange.Find(FaultKind.Reply) is { } canned)
        {
            return SseScript.Canned(canned.Events, canned.Seed, exchange.Model, thinking: true, Usage.Sample);
        }

        var seeded = new Seeded(exchange.Seed);
        var id = seeded.Id("msg_01");
        var special = request.MaxTokens == 1 ? ([new TextBlock(["#"])], "max_tokens") // a quota probe
            : exchange.Options.Script?.Answer(request, seeded)
                ?? ForcedTool(request, seeded)
                ?? OfFormat(request)
                ?? OfText(exchange.Options);
        if (special is not var (blocks, stop))
        {
            return SseScript.Canned(exchange.Options.Events, exchange.Seed, exchange.Model, request.Thinks, request.Usage());
        }

        var output = Math.Max(1, blocks.Sum(block => block.Whole.Length) / 4);
        return new Reply(id, exchange.Model, blocks, stop, request.Usage() with { OutputTokens = output });
    }

    /// <summary>tool_choice "tool" or "any": https://docs.anthropic.com/en/docs/agents-and-tools/tool-use.</summary>
    private static (IReadOnlyList<Block> Blocks, string StopReason)? ForcedTool(MessagesRequest request, Seeded seeded)
    {
        var choice = request.Json["tool_choice"];
        if (MessagesRequest.Text(choice?["type"]) is not ("tool" or "any"))
        {
            return null;
        }

        var name = MessagesRequest.Text(choice?["name"]);
        var tool = request.Tools.FirstOrDefault(tool => name is null || MessagesRequest.Text(tool["name"]) == name);
        if (tool is null)
        {
            return null;
        }

        var input = ReplyJson.Text(SchemaSample.Object(tool["input_schema"]));
        var called = MessagesRequest.Text(tool["name"]) ?? "";
        return ([new ToolUseBlock(seeded.Id("toolu_01"), called, ["", .. WriteFileScript.Slices(input)])], "tool_use");
    }

    /// <summary>Structured output, which clients use for titles and the like.</summary>
    private static (IReadOnlyList<Block> Blocks, string StopReason)? OfFormat(MessagesRequest request)
    {
        var schema = (request.Json["output_config"]?["format"] ?? request.Json["output_format"])?["schema"];
        return schema is null
            ? null
            : ([new TextBlock([.. WriteFileScript.Slices(ReplyJson.Text(SchemaSample.Object(schema)))])], "end_turn");
    }

    private static (IReadOnlyList<Block> Blocks, string StopReason)? OfText(FakeAnthropicOptions options) =>
        options.Text is { } text ? ([new TextBlock(WriteFileScript.Words(text))], "end_turn") : null;

    private static IReadOnlyList<SseEvent> CannedEvents(Fault canned, string model)
    {
        var key = (canned.Events, canned.Seed, model);
        if (Canned.TryGetValue(key, out var events))
        {
            return events;
        }

        events = SseScript.Events(canned.Events, canned.Seed, model);
        if (Canned.Count < 32)
        {
            Canned.TryAdd(key, events);
        }

        return events;
    }

    private static (int Status, string Message)? Complaint(Exchange exchange, bool counting)
    {
        if (exchange.Context.Request.Headers["anthropic-version"].Count == 0)
        {
            return (400, "anthropic-version: header is required");
        }

        if (exchange.Request is not { } request)
        {
            return (400, "The request body is not valid JSON");
        }

        if (request.Model is not { } model)
        {
            return (400, "model: Field required");
        }

        if (!counting && request.MaxTokens is null)
        {
            return (400, "max_tokens: Field required");
        }

        if (request.Messages.Count == 0)
        {
            return (400, "messages: Field required");
        }

        var known = model.StartsWith("claude-", StringComparison.Ordinal)
            || model.StartsWith(FaultGrammar.ModelPrefix, StringComparison.Ordinal);
        return known ? null : (404, $"model: {model}");
    }
}
