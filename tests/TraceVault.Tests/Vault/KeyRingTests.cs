using System.Security.Cryptography;
using TraceVault.Settings;
using TraceVault.Vault;

namespace TraceVault.Tests.Vault;

public class KeyRingTests
{
    private static string Random => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    public static TheoryData<string, string> Poor => new()
    {
        { "", "0 bytes" },
        { "not base64!", "not base64" },
        { Convert.ToBase64String(new byte[16]), "16 bytes" },
        { Convert.ToBase64String(RandomNumberGenerator.GetBytes(33)), "33 bytes" },
        { Convert.ToHexString(RandomNumberGenerator.GetBytes(32)), "48 bytes" },
        { Convert.ToBase64String(new byte[32]), "not random" },
        { Convert.ToBase64String([.. Enumerable.Range(0, 32).Select(i => (byte)i)]), "not random" },
        { Convert.ToBase64String([.. Enumerable.Range(0, 32).Select(i => (byte)(i % 8))]), "not random" },
        { Convert.ToBase64String("change-me-to-32-random-bytes-now"u8), "not random" },
        { $"a:{Random},a:{Random}", "twice" },
        { $"{Random},{Random}", "twice" },
        { $"Bad Id:{Random}", "key id" },
    };

    [Theory, MemberData(nameof(Poor))]
    public void A_poor_key_is_refused_without_being_shown(string text, string reason)
    {
        var problem = Assert.Throws<StartupException>(() => KeyRing.Parse(text, "SETTING"));

        Assert.Contains(reason, problem.Message);
        Assert.StartsWith("SETTING", problem.Message);
        if (text.Length > 20)
        {
            Assert.DoesNotContain(text, problem.Message);
        }
    }

    [Fact]
    public void The_first_of_several_seals_and_a_lone_key_has_the_id_default()
    {
        Assert.Equal("default", KeyRing.Parse(Random, "S").Sealing.Id);
        var ring = KeyRing.Parse($"k2:{Random}, default:{Random}", "S");
        Assert.Equal("k2", ring.Sealing.Id);
        Assert.Equal(2, ring.Keys.Count);
    }

    [Fact]
    public void Random_keys_are_never_taken_for_weak_ones()
    {
        for (var i = 0; i < 10_000; i++)
        {
            KeyRing.Parse(Random, "S");
        }
    }
}
