using System.Security.Cryptography;
using CsCheck;
using TraceVault.Keys;
using TraceVault.Providers.Anthropic;
using TraceVault.Vault;

namespace TraceVault.Tests.Keys;

public class KeyVaultTests
{
    private static readonly KeyRing Ring = KeyRing.Parse(TestServer.MasterKey, "S");
    private static readonly KeyVault Vault = new(Ring);
    private static readonly KeyOwner Owner = KeyOwner.User("0199-owner");

    private static readonly Gen<string> Keys = Gen.Char['!', '~'].Array[ProviderKey.MinLength,
        ProviderKey.MaxLength - AnthropicKeyRule.Prefix.Length]
        .Select(tail => AnthropicKeyRule.Prefix + new string(tail));

    [Fact]
    public void Opens_what_it_sealed() => Keys.Sample(text =>
    {
        Assert.True(ProviderKey.TryParse(text, AnthropicKeyRule.Problem, out var key, out _));
        return Vault.Open(Vault.Seal(key, "0199-row", Owner, "anthropic")).Reveal() == text;
    });

    [Fact]
    public void Any_flipped_bit_keeps_it_shut()
    {
        var key = Seal();
        for (var bit = 0; bit < key.Sealed.Length * 8; bit++)
        {
            var flipped = (byte[])key.Sealed.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Vault.CanOpen(key with { Sealed = flipped }));
        }
    }

    [Fact]
    public void Any_missing_or_added_byte_keeps_it_shut()
    {
        var key = Seal();
        for (var length = 0; length < key.Sealed.Length; length++)
        {
            Assert.False(Vault.CanOpen(key with { Sealed = key.Sealed[..length] }));
        }

        Assert.False(Vault.CanOpen(key with { Sealed = [.. key.Sealed, 0] }));
        Assert.False(Vault.CanOpen(key with { Sealed = new byte[10_000] }));
    }

    [Fact]
    public void Another_owner_provider_row_or_master_key_does_not_open_it()
    {
        var key = Seal();
        Assert.True(Vault.CanOpen(key));
        Assert.False(Vault.CanOpen(key with { Owner = KeyOwner.User("0199-other") }));
        Assert.False(Vault.CanOpen(key with { Owner = Owner with { Kind = "server" } }));
        Assert.False(Vault.CanOpen(key with { Provider = "openai" }));
        Assert.False(Vault.CanOpen(key with { Id = "0199-another-row" }));
        Assert.False(Vault.CanOpen(key with { Binding = KeyVault.FirstBinding }));
        Assert.False(Vault.CanOpen(key with { KeyId = "k2" }));
        var other = new KeyVault(KeyRing.Parse(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), "S"));
        Assert.False(other.CanOpen(key));
    }

    [Fact]
    public void Two_master_keys_of_one_material_do_not_open_each_others_seals()
    {
        var both = new KeyVault(KeyRing.Parse($"k2:{TestServer.MasterKey},default:{TestServer.MasterKey}", "S"));
        var key = Seal();
        Assert.True(both.CanOpen(key));
        Assert.False(both.CanOpen(key with { KeyId = "k2" }));
    }

    [Fact]
    public void The_sealed_form_is_the_documented_one()
    {
        const string Text = "sk-ant-api03-0123456789";
        var key = Seal(Text);
        Assert.Equal(1 + 12 + 16 + Text.Length, key.Sealed.Length);

        // Opened with nothing but the documentation in hand.
        var aesKey = HKDF.DeriveKey(
            HashAlgorithmName.SHA256, Convert.FromBase64String(TestServer.MasterKey), 32, [], "tracevault/provider-key/v1"u8.ToArray());
        var plain = new byte[Text.Length];
        using var aes = new AesGcm(aesKey, 16);
        aes.Decrypt(key.Sealed.AsSpan(1, 12), key.Sealed.AsSpan(29), key.Sealed.AsSpan(13, 16), plain,
            "tracevault/provider-key\0default\0user\00199-owner\0anthropic\00199-row"u8);
        Assert.Equal(Text, System.Text.Encoding.ASCII.GetString(plain));
    }

    [Theory]
    [InlineData("")]
    [InlineData("sk-ant-short")]
    [InlineData("sk-proj-0123456789012345678901234567")]
    [InlineData("sk-ant-api03-with a space 0123456789")]
    [InlineData("sk-ant-api03-with\nnewline0123456789")]
    [InlineData("sk-ant-api03-ünïcode-0123456789")]
    public void What_could_not_be_sent_as_a_header_is_no_key(string text) =>
        Assert.False(ProviderKey.TryParse(text, AnthropicKeyRule.Problem, out _, out _));

    [Fact]
    public void A_key_does_not_print_itself()
    {
        Assert.True(ProviderKey.TryParse(TestServer.AnthropicKey, AnthropicKeyRule.Problem, out var key, out _));
        Assert.DoesNotContain("sk-ant", $"{key} {System.Text.Json.JsonSerializer.Serialize(key)} {Ring.Sealing}");
    }

    private static SealedKey Seal(string text = TestServer.AnthropicKey)
    {
        Assert.True(ProviderKey.TryParse(text, AnthropicKeyRule.Problem, out var key, out _));
        return Vault.Seal(key, "0199-row", Owner, "anthropic");
    }
}
