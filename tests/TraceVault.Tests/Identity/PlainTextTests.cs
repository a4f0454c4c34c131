using TraceVault.Identity;

namespace TraceVault.Tests.Identity;

public class PlainTextTests
{
    [Theory]
    [InlineData("Zoë Ångström"), InlineData("山田"), InlineData("نیم\u200cفاصله"), InlineData("👩\u200d💻 laptop"), InlineData("")]
    public void Names_of_people_and_things_are_plain(string text) => Assert.True(PlainText.Is(text));

    [Theory]
    [InlineData("a\u202eb"),
        InlineData("a\u2066b"),
        InlineData("a\u200fb"),
        InlineData("a\u200bb"),
        InlineData("a\ufeffb"),
        InlineData("a\u2028b"),
        InlineData("a\nb"),
        InlineData("a\0b")]
    public void What_hides_turns_or_breaks_text_is_not(string text) => Assert.False(PlainText.Is(text));

    [Fact]
    public void Nor_is_half_a_character() => Assert.False(PlainText.Is("a" + (char)0xd800)); // an attribute could not hold it
}
