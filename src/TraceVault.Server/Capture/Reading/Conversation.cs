namespace TraceVault.Capture.Reading;

/// <summary>
/// A conversation's fingerprint: a hash of its first message, of its first two, and so on. It tells whether one request goes on from
/// another where the client names no session.
/// </summary>
/// <remarks>
/// A request goes on from an earlier one when it has more messages and begins with all of the earlier one's, in the same order. Where a
/// <c>cache_control</c> stands makes no difference, nor does a text that is a string once and a single text block another time: clients
/// move the one and write the other as it suits them. The system prompt belongs to the first hash alone: two tasks that are given the same
/// first message differ by it, while from the second message on the answers tell conversations apart, and a system prompt with the time in
/// it does not break a conversation in two.
/// <para>
/// Requests with equal messages do not go on from each other: they are repetitions, or begin alike. If two conversations began with the
/// same message, the second request of either goes on from both first ones, for the answers are not part of a fingerprint. So the recorder
/// takes the longest earlier conversation, and of equally long ones the latest that nothing has gone on from yet.
/// </para>
/// </remarks>
/// <param name="count">How many messages there are.</param>
/// <param name="hashes">The last hashes, in order; the last one is of all messages.</param>
internal sealed class Conversation(int count, ulong[] hashes)
{
    /// <summary>A turn adds a few messages, so that an earlier request ended among the last ones.</summary>
    public const int MaxHashes = 256;

    public int Count => count;

    /// <summary>The hash of all messages: what a later request is to have among its <see cref="Earlier"/> ones.</summary>
    public ulong Last => hashes[^1];

    /// <summary>
    /// The hashes that an earlier request of this conversation may have as <see cref="Last"/>, the longest conversation first.
    /// </summary>
    public IEnumerable<ulong> Earlier => hashes.Reverse().Skip(1);

    public bool Continues(Conversation earlier)
    {
        var back = count - earlier.Count;
        return back > 0 && back < hashes.Length && hashes[^(back + 1)] == earlier.Last;
    }
}
