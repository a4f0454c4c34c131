using System.IO.Compression;
using System.Text;
using CsCheck;
using TraceVault.Capture.Reading;
using ZstdSharp;

namespace TraceVault.Tests.Capture;

public class AnswerDecodingTests
{
    private static readonly byte[] Text = Encoding.UTF8.GetBytes(
        "{\"type\":\"message\",\"content\":\"" + string.Concat(Enumerable.Range(0, 20_000))
            + "\",\"model\":\"m\",\"usage\":{\"output_tokens\":1}}");

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZIP ")]
    [InlineData("deflate")]
    [InlineData("bare deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public void Compressed_answers_are_read_however_they_are_split(string encoding)
    {
        var bytes = Compress(encoding, Text);
        Gen.Int[0, 3000].Array[1, 10].Sample(
            splits =>
            {
                var facts = AnswerReaderTests.Split(bytes, splits, "application/json", encoding.Replace("bare ", ""));
                Assert.Equal(("m", UsageSource.Final, true), (facts.Model, facts.UsageSource, facts.HasEnd));
            },
            iter: 30);
        Assert.Equal("m", AnswerReaderTests.Split(bytes, [1], "application/json", encoding.Replace("bare ", "")).Model);
    }

    [Fact]
    public void Two_encodings_in_turn_are_not_read() =>
        Assert.Null(AnswerReaderTests.Split(Compress("gzip", Text), [1000], "application/json", "gzip, br").Model);

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public void A_bomb_costs_no_memory(string encoding)
    {
        var bomb = Bomb(encoding, 300 << 20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var facts = AnswerReaderTests.Split(bomb, [int.MaxValue], "application/json", encoding);

        Assert.Null(facts.Model);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 16 << 20);
    }

    /// <summary>An object whose content never ends, and behind 300 MB of it a model.</summary>
    private static byte[] Bomb(string encoding, int length)
    {
        using var target = new MemoryStream();
        using (var stream = Open(encoding, target))
        {
            stream.Write("{\"content\":\""u8);
            var piece = new byte[1 << 20];
            for (var written = 0; written < length; written += piece.Length)
            {
                stream.Write(piece);
            }

            stream.Write("\",\"model\":\"m\"}"u8);
        }

        return target.ToArray();
    }

    private static byte[] Compress(string encoding, byte[] text)
    {
        using var target = new MemoryStream();
        using (var stream = Open(encoding, target))
        {
            stream.Write(text);
        }

        return target.ToArray();
    }

    private static Stream Open(string encoding, Stream target) => encoding.Trim().ToLowerInvariant() switch
    {
        "gzip" => new GZipStream(target, CompressionLevel.Fastest),
        "deflate" => new ZLibStream(target, CompressionLevel.Fastest),
        "bare deflate" => new DeflateStream(target, CompressionLevel.Fastest),
        "br" => new BrotliStream(target, CompressionLevel.Fastest),
        _ => new CompressionStream(target, 1),
    };
}
