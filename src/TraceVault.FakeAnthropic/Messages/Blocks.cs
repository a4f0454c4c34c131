using System.Text.Json.Nodes;

namespace TraceVault.FakeAnthropic;

/// <summary>One content block of an answer; streamed, each of its pieces is one delta.</summary>
internal abstract record Block(IReadOnlyList<string> Pieces)
{
    public string Whole => string.Concat(Pieces);
}

internal sealed record TextBlock(IReadOnlyList<string> Pieces) : Block(Pieces);

internal sealed record ThinkingBlock(IReadOnlyList<string> Pieces, string Signature) : Block(Pieces);

/// <summary>A call of a tool; the pieces are slices of its input's JSON text.</summary>
internal sealed record ToolUseBlock(string Id, string Name, IReadOnlyList<string> Pieces) : Block(Pieces);

/// <summary>A whole answer: https://docs.anthropic.com/en/api/messages.</summary>
internal sealed record Reply(string Id, string Model, IReadOnlyList<Block> Blocks, string StopReason, Usage Usage)
{
    /// <summary>Null where the request asked for none; see <see cref="MessagesRequest.Judge"/>.</summary>
    public JsonArray? SafeguardResults { get; init; }
}

/// <summary>Tokens of one request; <paramref name="OutputTokens"/> counts the whole answer.</summary>
internal sealed record Usage(int InputTokens, int CacheRead, int CacheWrite5m, int CacheWrite1h, int OutputTokens)
{
    /// <summary>The input counts all differ and none is zero, so that a reader that mixes up two of them is found out.</summary>
    public static readonly Usage Sample = new(12, 4096, 1024, 256, 0);
}
