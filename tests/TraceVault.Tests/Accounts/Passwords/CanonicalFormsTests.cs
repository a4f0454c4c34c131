using TraceVault.Accounts.Passwords;

namespace TraceVault.Tests.Accounts.Passwords;

/// <summary>Vectors of Unicode's own NormalizationTest.txt, and what people type.</summary>
public class CanonicalFormsTests
{
    [Theory]
    [InlineData("four random words", "four random words", "four random words")]
    [InlineData("caf\u00e9", "caf\u00e9", "cafe\u0301")]
    [InlineData("cafe\u0301", "caf\u00e9", "cafe\u0301")]
    [InlineData("\u212b", "\u00c5", "A\u030a")] // the sign of the unit, which has no composed form of its own
    [InlineData("\u1ead", "\u1ead", "a\u0323\u0302")]
    [InlineData("\u00e2\u0323", "\u1ead", "a\u0323\u0302")] // marks in the other order
    [InlineData("\u1e9b\u0323", "\u1e9b\u0323", "\u017f\u0323\u0307")]
    [InlineData("\ud55c\uae00", "\ud55c\uae00", "\u1112\u1161\u11ab\u1100\u1173\u11af")]
    [InlineData("\ud558\u11ab", "\ud55c", "\u1112\u1161\u11ab")]
    [InlineData("\u0915\u093c", "\u0915\u093c", "\u0915\u093c")] // excluded from composition
    [InlineData("\u0958", "\u0915\u093c", "\u0915\u093c")]
    [InlineData("\ud834\udd5e", "\ud834\udd57\ud834\udd65", "\ud834\udd57\ud834\udd65")]
    [InlineData("\ufb01\u2460 \ud83d\ude00", "\ufb01\u2460 \ud83d\ude00", "\ufb01\u2460 \ud83d\ude00")] // alike is not the same
    [InlineData("\u0301e", "\u0301e", "\u0301e")]
    [InlineData("e\u0328\u0301", "\u0119\u0301", "e\u0328\u0301")]
    [InlineData("", "", "")]
    public void A_text_has_one_composed_and_one_decomposed_form(string text, string composed, string decomposed)
    {
        Assert.Equal((composed, decomposed), (CanonicalForms.Composed(text), CanonicalForms.Decomposed(text)));
        Assert.Equal((composed, decomposed), (CanonicalForms.Composed(decomposed), CanonicalForms.Decomposed(composed)));
    }

    [Fact]
    public void Half_a_character_is_no_mistake_of_the_server() => Assert.Equal("\ufffdx", CanonicalForms.Composed((char)0xD800 + "x"));
}
