using System.Net.Http.Headers;
using System.Text.Json;
using TraceVault.Keys;

namespace TraceVault.Providers;

/// <summary>
/// A provider of models, as far as the gateway has to know it: where its API is, which headers pass, how a key is sent, and what its errors
/// look like.
/// </summary>
/// <remarks>
/// Each provider has a folder of its own. Besides it, only what people read and do names a provider; <c>ArchitectureTests</c> says where.
/// </remarks>
internal abstract class Provider
{
    /// <summary>
    /// Its name in stored keys and in the audit log, such as <c>anthropic</c>. Keys are sealed to it, so it never changes.
    /// </summary>
    public abstract string Name { get; }

    /// <summary>Its name for people.</summary>
    public abstract string Title { get; }

    /// <summary>The path under which clients find it here, such as <c>/proxy/anthropic</c>; no slash at its end.</summary>
    public abstract string BasePath { get; }

    /// <summary>Where requests and keys go: https, or http for a loopback address.</summary>
    public abstract Uri Address { get; }

    /// <summary>The name of the setting that holds <see cref="Address"/>, for messages.</summary>
    public abstract string AddressSetting { get; }

    /// <summary>The header that holds the provider's own id of a request.</summary>
    public abstract string RequestIdHeader { get; }

    /// <summary>
    /// The header in which its clients send a key, if some send it elsewhere than in <c>Authorization: Bearer</c>. Here either may hold the
    /// TraceVault token. Null if all use that one.
    /// </summary>
    public virtual string? TokenHeader => null;

    /// <summary>How one of its clients signs in to this server by itself, after "or with"; null if none can.</summary>
    public virtual string? ClientSignIn => null;

    /// <summary>How to make its clients send one credential only, as the end of a sentence; null if there is nothing to say.</summary>
    public virtual string? OneCredential => null;

    /// <summary>Path and query of a request that costs nothing and shows whether the provider accepts a key.</summary>
    public abstract string TestTarget { get; }

    /// <summary>
    /// Whether a client that asks for this path by GET or HEAD only wants to know whether anybody is here. We answer it without a
    /// credential.
    /// </summary>
    /// <param name="path">Below <see cref="BasePath"/>, without a query; empty for the base itself.</param>
    public abstract bool IsProbe(ReadOnlySpan<char> path);

    /// <summary>What such a client is answered, as JSON.</summary>
    public abstract ReadOnlyMemory<byte> ProbeAnswer { get; }

    /// <summary>Whether a request header goes to the provider. What is not named stays behind.</summary>
    public abstract bool PassesOut(string header);

    /// <summary>Whether a response header comes back to the client. What is not named stays behind.</summary>
    public abstract bool PassesBack(string header);

    /// <summary>Puts the key into a request.</summary>
    public abstract void WriteCredential(HttpRequestHeaders to, ProviderKey key);

    /// <summary>Writes what every request of our own to the provider needs besides the credential.</summary>
    public abstract void WriteTestHeaders(HttpRequestHeaders to);

    /// <summary>Writes an error of the gateway's in the provider's own form, so that clients understand it.</summary>
    /// <param name="json">Takes the whole body.</param>
    /// <param name="status">HTTP status, 400 to 599.</param>
    /// <param name="message">A sentence for people.</param>
    /// <param name="requestId">Our own id of the request.</param>
    public abstract void WriteError(Utf8JsonWriter json, int status, string message, string requestId);

    /// <summary>
    /// Adds the headers that keep its clients from repeating a request by themselves, to an error that a repetition cannot mend.
    /// </summary>
    public virtual void ForbidRetry(IHeaderDictionary to)
    {
    }

    /// <returns>The sentence for people in an error of the provider's; null when the body is none.</returns>
    public abstract string? ErrorMessage(string body);

    /// <returns>
    /// Whether an answer with this status shows that the provider accepts the key, or refuses it; null when it says nothing about the key.
    /// </returns>
    public abstract bool? KeyVerdict(int status);

    /// <summary>
    /// Says what the text is, if it is no key of this provider's, and where to get one, in sentences that hold no part of the text. Null if
    /// it is a key.
    /// </summary>
    /// <param name="text">Without white space at its ends.</param>
    public abstract string? KeyProblem(string text);

    /// <summary>The largest body that is taken for this path and query, in bytes; null for the limit that holds everywhere else.</summary>
    public virtual int? MaxBytesFor(string target) => null;
}
