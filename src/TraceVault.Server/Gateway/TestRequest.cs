using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using TraceVault.Identity;
using TraceVault.Keys;
using TraceVault.Providers;

namespace TraceVault.Gateway;

/// <param name="IsGood">Whether the provider accepted the key.</param>
/// <param name="Summary">What happened, as a sentence.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="RequestId">The provider's own id of the request.</param>
/// <param name="Body">The beginning of what the provider answered; never holds the key.</param>
/// <param name="Status">The HTTP status; null when there was no answer.</param>
public sealed record TestResult(
    bool IsGood, string Summary, long Milliseconds = 0, string? RequestId = null, string Body = "", int? Status = null)
{
    /// <summary>Whether the provider said that it does not know the key. No other error says anything about the key.</summary>
    internal bool IsRefused { get; init; }

    /// <summary>The sentence in the provider's error; null when there is none that can be shown.</summary>
    internal string? Said { get; init; }
}

/// <summary>
/// Sends one real request with a user's key, for that user alone. It is always the same request, which costs nothing, and shows that key,
/// network and provider work together.
/// </summary>
internal sealed class TestRequest(ProviderKeys keys, KeyVault vault, Upstreams upstreams, TimeProvider clock)
{
    private const int MaxBodyLength = 4096, MostSaid = 200;

    /// <summary>How much is read: more than is shown, so that enough is left after keys were cut out.</summary>
    private const int MaxBodyBytes = MaxBodyLength + ProviderKey.MaxLength;

    /// <summary>
    /// How long the answer may take: for somebody who looks into a fault, and, with a new key, for somebody who waits for it to be stored.
    /// </summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15), LimitOfNew = TimeSpan.FromSeconds(5);

    public async Task<TestResult> SendAsync(string userId, Provider provider, CancellationToken cancel)
    {
        if (await keys.FindAsync(userId, provider.Name, cancel) is not { } stored)
        {
            return new TestResult(false, "No key is stored yet.");
        }

        ProviderKey key;
        try
        {
            key = vault.Open(stored.SealedKey);
        }
        catch (CryptographicException)
        {
            return new TestResult(false, "The stored key cannot be opened. Store it again.");
        }

        var result = await TryAsync(key, provider, Limit, cancel);
        if (result.Status is { } status)
        {
            await keys.TouchAsync(stored.Id, clock.GetUtcNow(), cancel);
            if (provider.KeyVerdict(status) is { } works)
            {
                await keys.NoteAsync(new KeyNote(stored.Id, works, clock.GetUtcNow()), cancel);
            }
        }

        return result;
    }

    /// <summary>Tries a key that is not stored yet.</summary>
    public Task<TestResult> TryAsync(ProviderKey key, Provider provider, CancellationToken cancel) =>
        TryAsync(key, provider, LimitOfNew, cancel);

    private async Task<TestResult> TryAsync(ProviderKey key, Provider provider, TimeSpan limit, CancellationToken cancel)
    {
        var route = upstreams.Of(provider.Name);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(limit);
        var started = Stopwatch.GetTimestamp();
        try
        {
            return await SendAsync(key, route, started, timeout.Token);
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException)
        {
            route.Reach.Failed(problem);
            return new TestResult(
                false,
                $"This server could not reach {provider.Title}. Ask the server's administrator to check the network and "
                    + $"{provider.AddressSetting}; the server's log says more.",
                Since(started));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new TestResult(false, $"{provider.Title} did not answer within {limit.TotalSeconds:0} seconds.", Since(started));
        }
    }

    private static async Task<TestResult> SendAsync(ProviderKey key, Route route, long started, CancellationToken cancel)
    {
        var (provider, upstream) = (route.Provider, route.Upstream);
        using var request = new HttpRequestMessage(HttpMethod.Get, upstream.AddressOf(provider.TestTarget))
        {
            Version = upstream.HttpVersion,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        provider.WriteCredential(request.Headers, key);
        provider.WriteTestHeaders(request.Headers);
        request.Headers.TryAddWithoutValidation("user-agent", "tracevault-test");
        using var client = upstream.Once();
        using var answer = await client.SendAsync(request, cancel);
        var (beginning, isCut) = await ReadBeginningAsync(answer.Content, cancel);
        var body = Without(key, beginning);
        if (isCut)
        {
            // What was read may end in the middle of a key, which the replacement does not find.
            body = body[..Math.Max(0, body.Length - key.Reveal().Length)];
        }

        var (status, isRefused) = ((int)answer.StatusCode, provider.KeyVerdict((int)answer.StatusCode) is false);
        return new TestResult(
            answer.IsSuccessStatusCode,
            answer.IsSuccessStatusCode ? $"It works: {provider.Title} accepted the key."
                : isRefused ? $"{provider.Title} does not know this key ({status}). Store another one."
                : $"{provider.Title} answered {status}.",
            Since(started),
            answer.Headers.TryGetValues(provider.RequestIdHeader, out var ids) ? Without(key, ids.First()) : null,
            body.Length <= MaxBodyLength ? body : body[..MaxBodyLength] + "…",
            status)
        {
            IsRefused = isRefused,
            Said = !answer.IsSuccessStatusCode && provider.ErrorMessage(body) is { Length: > 0 and <= MostSaid } said && PlainText.Is(said)
                ? said : null,
        };
    }

    private static string Without(ProviderKey key, string text) => text.Replace(key.Reveal(), "[key]", StringComparison.Ordinal);

    private static async Task<(string Text, bool IsCut)> ReadBeginningAsync(HttpContent content, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MaxBodyBytes);
        try
        {
            await using var stream = await content.ReadAsStreamAsync(cancel);
            var read = await stream.ReadAtLeastAsync(buffer.AsMemory(0, MaxBodyBytes), MaxBodyBytes, throwOnEndOfStream: false, cancel);
            return (Encoding.UTF8.GetString(buffer, 0, read), read == MaxBodyBytes);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static long Since(long started) => (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds;
}
