using TraceVault.Logging;

namespace TraceVault.Tests.Logging;

public class RedactionTests
{
    /// <summary>The keys of most providers begin alike, and so do our tokens.</summary>
    [Theory]
    [InlineData("laptop tvs_abc rest", "laptop [redacted]")]
    [InlineData("my sk-ant-api03-canary", "my [redacted]")]
    [InlineData("SK-ANT-api03", "[redacted]")]
    [InlineData("key=sk-proj-0123456789", "key=[redacted]")]
    [InlineData("/v1/sk-or-v1-0123456789/messages", "/v1/[redacted]")]
    [InlineData("..%2fsk-0123456789abcdef0123456789abcdef", "..%2f[redacted]")]
    [InlineData("keysk-ant-api03-canary-4f1d2a9be07c-not-a-real-key", "key[redacted]")]
    [InlineData("task-1 sk-proj-0123456789", "task-1 [redacted]")]
    public void What_looks_like_a_secret_is_cut_off(string text, string expected) => Assert.Equal(expected, Redaction.Of(text));

    [Theory]
    [InlineData("sk-SK")]
    [InlineData("sk-laptop")]
    [InlineData("sk-ant-")]
    [InlineData("ask-somebody-else-for-it")]
    [InlineData("/v1/tasks/task-0199a5c2-7d44-7b1e-9a53-0f6f3c1d2e4b")]
    [InlineData("disk-usage-of-the-build-server")]
    [InlineData("")]
    public void Other_words_stay(string text) => Assert.Equal(text, Redaction.Of(text));
}
