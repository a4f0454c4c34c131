using TraceVault.Capture.Reading.Decoding;

namespace TraceVault.Capture.Reading;

/// <summary>Reads what a request says about itself out of its body. Any bytes will do; what can't be read is not known.</summary>
internal static class RequestReader
{
    /// <summary>A compressed body is read up to this length, in bytes: twice the largest that is taken.</summary>
    private const int MaxDecoded = 64 << 20;

    /// <param name="contentEncoding">The header of that name; null when there is none.</param>
    /// <param name="seed">
    /// Makes the hashes of one server differ from those of another. They are no cryptographic hashes: whoever knows the seed can try out
    /// what a short prompt was, so neither belongs on a disk beside the other.
    /// </param>
    public static RequestFacts Read(
        ReadOnlySpan<byte> body, string? contentEncoding, RequestWanted wanted = RequestWanted.Facts, long seed = 0)
    {
        if (BodyDecoder.IsIdentity(contentEncoding))
        {
            return new RequestScan(body, wanted, seed).Read();
        }

        using var decoded = new HeldBytes(MaxDecoded);
        using var decoder = BodyDecoder.For(contentEncoding);
        var isDecoded = decoder?.Decode(body, decoded, static (bytes, target) => target.Append(bytes)) ?? false;
        return isDecoded || wanted.HasFlag(RequestWanted.BodyHash)
            ? new RequestScan(isDecoded ? decoded.Bytes : body, wanted, seed).Read()
            : RequestFacts.None;
    }
}
