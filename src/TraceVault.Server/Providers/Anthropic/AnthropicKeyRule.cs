using System.Buffers;
using TraceVault.Keys;

namespace TraceVault.Providers.Anthropic;

/// <summary>What a key of Anthropic's looks like, and what people take for one.</summary>
internal static class AnthropicKeyRule
{
    public const string Prefix = "sk-ant-";

    /// <summary>Where a key comes from, as the end of a sentence.</summary>
    private const string Source = "at console.anthropic.com, Settings, API keys";

    /// <summary>What a key must look like, as a sentence.</summary>
    private static readonly string Rule =
        $"An Anthropic key starts with {Prefix} and has {ProviderKey.MinLength} to {ProviderKey.MaxLength} printable characters "
        + $"without spaces. Make one {Source}.";

    /// <summary>What people take for a key: what it begins with, and what it is.</summary>
    private static readonly (string Prefix, string Kind)[] Others =
    [
        ("sk-ant-oat", "the token of a Claude subscription (sk-ant-oat…), which Anthropic accepts only from its own programs"),
        ("sk-ant-ort", "the refresh token of a Claude subscription (sk-ant-ort…), which Anthropic accepts only from its own programs"),
        ("sk-ant-admin", "an admin key (sk-ant-admin…), which manages an organization and sends no messages"),
        ("sk-ant-sid", "the session of a browser at claude.ai (sk-ant-sid…)"),
        ("tvs_", "a token of TraceVault's own (tvs_…), which programs send to this server"),
        ("tvp_", "a token of TraceVault's own (tvp_…), which programs send to this server"),
        ("tvr_", "a token of TraceVault's own (tvr_…)"),
        ("tvd_", "a token of TraceVault's own (tvd_…)"),
        ("tvl_", "a token of TraceVault's own (tvl_…)"),
    ];

    private static readonly string[] Masking = ["...", "***"];

    /// <summary>
    /// The characters of Anthropic's keys, and those that stand for a hidden part. A key that has other characters, too, may really contain
    /// dots or asterisks.
    /// </summary>
    private static readonly SearchValues<char> Masked = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.*");

    /// <inheritdoc cref="Provider.KeyProblem"/>
    public static string? Problem(string text)
    {
        var isAnthropic = text.StartsWith(Prefix, StringComparison.Ordinal);
        var kind = Array.Find(Others, other => text.StartsWith(other.Prefix, StringComparison.Ordinal)).Kind;
        kind ??= !isAnthropic && text.StartsWith("sk-", StringComparison.Ordinal)
            ? "a key of OpenAI or another provider; keys of Anthropic start with sk-ant-"
            : null;
        if (kind is not null)
        {
            return $"This is {kind}. An API key is needed here: make one {Source}.";
        }

        // A page shows a key only once; later it hides the middle.
        if (text.AsSpan().ContainsAny("…•●∗＊")
            || (Masking.Any(each => text.Contains(each, StringComparison.Ordinal)) && !text.AsSpan().ContainsAnyExcept(Masked)))
        {
            return "This is a key with its middle hidden, as a page shows it later. The whole key is shown only once, when it is made: "
                + $"make another {Source}.";
        }

        if (isAnthropic && text.Length < ProviderKey.MinLength)
        {
            return $"This is only the beginning of a key. {Rule}";
        }

        return isAnthropic && text.Length <= ProviderKey.MaxLength && !text.AsSpan().ContainsAnyExceptInRange('!', '~') ? null : Rule;
    }
}
