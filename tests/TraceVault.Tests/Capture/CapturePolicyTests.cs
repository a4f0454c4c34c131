using TraceVault.Capture;
using TraceVault.Capture.Policies;

namespace TraceVault.Tests.Capture;

/// <summary>The rule of what is in force for somebody.</summary>
public class CapturePolicyTests
{
    /// <remarks>One line for each policy and permission; what is in force for a choice of off, usage and full.</remarks>
    [Theory]
    [InlineData("off", "nothing", "off off off")]
    [InlineData("off", "less", "off off off")]
    [InlineData("off", "more", "off usage full")]
    [InlineData("off", "both", "off usage full")]
    [InlineData("usage", "nothing", "usage usage usage")]
    [InlineData("usage", "less", "off usage usage")]
    [InlineData("usage", "more", "usage usage full")]
    [InlineData("usage", "both", "off usage full")]
    [InlineData("full", "nothing", "full full full")]
    [InlineData("full", "less", "off usage full")]
    [InlineData("full", "more", "full full full")]
    [InlineData("full", "both", "off usage full")]
    public void A_choice_has_effect_where_the_policy_allows_it(string mode, string membersMay, string expected)
    {
        var policy = new PolicyFields(mode, membersMay, null, null, null).ApplyTo(CapturePolicy.Nothing);
        var choices = Enum.GetValues<CaptureMode>();

        Assert.Equal(expected, string.Join(' ', choices.Select(choice => PolicyWords.Modes.Of(policy.ModeFor(choice)))));
        Assert.Equal(policy.Mode, policy.ModeFor(null));
        Assert.All(choices, choice => Assert.Equal(policy.ModeFor(choice) == choice, policy.Allows(choice)));
    }

    [Fact]
    public void Before_anything_is_known_nothing_is_recorded() => Assert.Equal(CaptureMode.Off, PolicySnapshot.Unknown.ModeOf("somebody"));

    [Fact]
    public void Every_value_has_a_word_and_every_word_a_value()
    {
        Check(PolicyWords.Modes);
        Check(PolicyWords.MembersMay);
        Check(PolicyWords.OthersContent);

        static void Check<T>(Words<T> words)
            where T : struct, Enum
        {
            Assert.Equal(Enum.GetValues<T>(), words.All.Select(word => words.Find(word)!.Value));
            Assert.Equal(words.All, Enum.GetValues<T>().Select(words.Of));
            Assert.Null(words.Find(null));
            Assert.Null(words.Find("Off"));
        }
    }
}
