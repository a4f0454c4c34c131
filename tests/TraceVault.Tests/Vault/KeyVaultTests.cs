using System.Security.Cryptography;
using CsCheck;
using TraceVault.Vault;

namespace TraceVault.Tests.Vault;

public class KeyVaultTests
{
    private static readonly KeyRing Ring = KeyRing.Parse(TestServer.MasterKey, "S");
    private static readonly KeyVault Vault = new(Ring);
    private static readonly KeyOwner Owner = new("0199-owner");

    private static readonly Gen<string> Keys = Gen.Char['!', '~'].Array[ProviderKey.MinLength, ProviderKey.MaxLength - ProviderKey.AnthropicPrefix.Length]
        .Select(tail => ProviderKey.AnthropicPrefix + new string(tail));

    [Fact]
    public void Opens_what_it_sealed() => Keys.Sample(text =>
    {
        Assert.True(ProviderKey.TryParse(text, out var key));
        return Vault.Open(Vault.Seal(key, Owner), Owner).Reveal() == text;
    });

    [Fact]
    public void Any_flipped_bit_keeps_it_shut()
    {
        var key = Seal();
        for (var bit = 0; bit < key.Sealed.Length * 8; bit++)
        {
            var flipped = (byte[])key.Sealed.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Vault.CanOpen(key with { Sealed = flipped }, Owner));
        }
    }

    [Fact]
    public void Any_missing_or_added_byte_keeps_it_shut()
    {
        var key = Seal();
        for (var length = 0; length < key.Sealed.Length; length++)
        {
            Assert.False(Vault.CanOpen(key with { Sealed = key.Sealed[..length] }, Owner));
        }

        Assert.False(Vault.CanOpen(key with { Sealed = [.. key.Sealed, 0] }, Owner));
        Assert.False(Vault.CanOpen(key with { Sealed = new byte[10_000] }, Owner));
    }

    [Fact]
    public void Another_owner_provider_or_master_key_does_not_open_it()
    {
        var key = Seal();
        Assert.False(Vault.CanOpen(key, new KeyOwner("0199-other")));
        Assert.False(Vault.CanOpen(key, Owner with { Provider = "openai" }));
        Assert.False(Vault.CanOpen(key with { KeyId = "k2" }, Owner));
        var other = new KeyVault(KeyRing.Parse(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), "S"));
        Assert.False(other.CanOpen(key, Owner));
    }

    [Fact]
    public void Two_master_keys_of_one_material_do_not_open_each_others_seals()
    {
        var both = new KeyVault(KeyRing.Parse($"k2:{TestServer.MasterKey},default:{TestServer.MasterKey}", "S"));
        var key = Seal();
        Assert.True(both.CanOpen(key, Owner));
        Assert.False(both.CanOpen(key with { KeyId = "k2" }, Owner));
    }

    [Fact]
    public void The_sealed_form_is_the_documented_one()
    {
        const string Text = "sk-ant-api03-0123456789";
        var key = Seal(Text);
        Assert.Equal(1 + 12 + 16 + Text.Length, key.Sealed.Length);

        // Opened with nothing but the documentation in hand.
        var aesKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, Convert.FromBase64String(TestServer.MasterKey), 32, [], "tracevault/provider-key/v1"u8.ToArray());
        var plain = new byte[Text.Length];
        using var aes = new AesGcm(aesKey, 16);
        aes.Decrypt(key.Sealed.AsSpan(1, 12), key.Sealed.AsSpan(29), key.Sealed.AsSpan(13, 16), plain, "user_anthropic_keys\0default\00199-owner\0anthropic"u8);
        Assert.Equal(Text, System.Text.Encoding.ASCII.GetString(plain));
    }

    [Theory]
    [InlineData("")]
    [InlineData("sk-ant-short")]
    [InlineData("sk-proj-0123456789012345678901234567")]
    [InlineData("sk-ant-api03-with a space 0123456789")]
    [InlineData("sk-ant-api03-with\nnewline0123456789")]
    [InlineData("sk-ant-api03-ünïcode-0123456789")]
    public void What_could_not_be_sent_as_a_header_is_no_key(string text) => Assert.False(ProviderKey.TryParse(text, out _));

    [Fact]
    public void A_key_does_not_print_itself()
    {
        Assert.True(ProviderKey.TryParse(TestServer.AnthropicKey, out var key));
        Assert.DoesNotContain("sk-ant", $"{key} {System.Text.Json.JsonSerializer.Serialize(key)} {Ring.Sealing}");
    }

    private static SealedKey Seal(string text = TestServer.AnthropicKey)
    {
        Assert.True(ProviderKey.TryParse(text, out var key));
        return Vault.Seal(key, Owner);
    }
}
