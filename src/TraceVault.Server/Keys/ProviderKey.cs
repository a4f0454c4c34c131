using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace TraceVault.Keys;

/// <summary>A provider's API key in clear. It never prints, never serialises and is never stored.</summary>
[DebuggerDisplay("[provider key]")]
internal sealed class ProviderKey
{
    public const int MinLength = 20, MaxLength = 512;
    public const string AnthropicPrefix = "sk-ant-";

    /// <summary>Where a key comes from, as the end of a sentence.</summary>
    private const string Source = "at console.anthropic.com, Settings, API keys";

    /// <summary>What a key must look like, as a sentence.</summary>
    private static readonly string Rule = $"An Anthropic key starts with {AnthropicPrefix} and has {MinLength} to {MaxLength} printable characters without spaces. Make one {Source}.";

    /// <summary>What people take for a key: what it begins with, and what it is.</summary>
    private static readonly (string Prefix, string Kind)[] Others =
    [
        ("sk-ant-oat", "the token of a Claude subscription (sk-ant-oat…), which Anthropic takes from its own programs alone"),
        ("sk-ant-ort", "the refresh token of a Claude subscription (sk-ant-ort…), which Anthropic takes from its own programs alone"),
        ("sk-ant-admin", "an admin key (sk-ant-admin…), which manages an organization and sends no messages"),
        ("sk-ant-sid", "the session of a browser at claude.ai (sk-ant-sid…)"),
        ("tvs_", "a token of TraceVault's own (tvs_…), which programs send to this server"),
        ("tvp_", "a token of TraceVault's own (tvp_…), which programs send to this server"),
        ("tvr_", "a token of TraceVault's own (tvr_…)"),
        ("tvd_", "a token of TraceVault's own (tvd_…)"),
        ("tvl_", "a token of TraceVault's own (tvl_…)"),
    ];

    private static readonly string[] Masking = ["...", "***"];

    /// <summary>What Anthropic's keys are made of, and what stands for the hidden part; a key with other characters may have these too.</summary>
    private static readonly SearchValues<char> Masked = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.*");

    private readonly string _value;

    private ProviderKey(string value) => _value = value;

    /// <summary>Accepts printable ASCII without spaces, <see cref="MinLength"/> to <see cref="MaxLength"/> characters, with Anthropic's prefix; surrounding white space is dropped.</summary>
    /// <param name="problem">What it is instead, and where the right one comes from, as sentences; never holds a part of it.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ProviderKey? key, [NotNullWhen(false)] out string? problem)
    {
        var trimmed = text?.Trim() ?? "";
        problem = Problem(trimmed);
        key = problem is null ? new ProviderKey(trimmed) : null;
        return key is not null;
    }

    public static bool TryParse(string? text, [NotNullWhen(true)] out ProviderKey? key) => TryParse(text, out key, out _);

    private static string? Problem(string text)
    {
        var isAnthropic = text.StartsWith(AnthropicPrefix, StringComparison.Ordinal);
        var kind = Array.Find(Others, other => text.StartsWith(other.Prefix, StringComparison.Ordinal)).Kind;
        kind ??= !isAnthropic && text.StartsWith("sk-", StringComparison.Ordinal) ? "a key of OpenAI or another provider: Anthropic's start with sk-ant-" : null;
        if (kind is not null)
        {
            return $"This is {kind}. What belongs here is an API key: make one {Source}.";
        }

        // A page shows a key once; what it shows later has its middle hidden.
        if (text.AsSpan().ContainsAny("…•●∗＊") || (Masking.Any(each => text.Contains(each, StringComparison.Ordinal)) && !text.AsSpan().ContainsAnyExcept(Masked)))
        {
            return $"This is what a page shows of a key, with its middle hidden. The whole key is shown once, when it is made: make another {Source}.";
        }

        if (isAnthropic && text.Length < MinLength)
        {
            return $"This is the beginning of a key alone. {Rule}";
        }

        return isAnthropic && text.Length <= MaxLength && !text.AsSpan().ContainsAnyExceptInRange('!', '~') ? null : Rule;
    }

    /// <summary>For the vault: what it sealed was a key when it was sealed.</summary>
    internal static ProviderKey FromVault(string value) => new(value);

    /// <summary>The secret itself. Named so that every use shows up in a search.</summary>
    public string Reveal() => _value;

    /// <summary>Whether the text holds a part of the key that is long enough to be none by chance.</summary>
    public bool IsPartlyIn(ReadOnlySpan<char> text)
    {
        const int Telling = 12;
        for (var i = 0; i + Telling <= text.Length; i++)
        {
            if (_value.AsSpan().Contains(text.Slice(i, Telling), StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    public override string ToString() => "[provider key]";
}
