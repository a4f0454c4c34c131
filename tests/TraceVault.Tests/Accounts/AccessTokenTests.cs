using TraceVault.Accounts;

namespace TraceVault.Tests.Accounts;

public class AccessTokenTests
{
    [Fact]
    public void A_session_token_has_the_documented_form()
    {
        Assert.Matches("^tvs_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$", AccessToken.Create(TokenKind.Session).Reveal());
        Assert.DoesNotContain("sk-ant-oat", AccessToken.Create(TokenKind.Session).Reveal());
    }

    [Fact]
    public void One_wrong_character_anywhere_is_noticed_without_a_look_up()
    {
        var token = AccessToken.Create(TokenKind.Session).Reveal();
        Assert.True(AccessToken.TryRead(token, out _));
        for (var i = 0; i < token.Length; i++)
        {
            var wrong = token.ToCharArray();
            wrong[i] = wrong[i] == 'a' ? 'b' : 'a';
            Assert.False(AccessToken.TryRead(wrong, out _));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("tvs_")]
    [InlineData("sk-ant-api03-something")]
    [InlineData("tvs_éééééééééééééééééééééééééééééééééééééééééééé00000")]
    public void What_is_no_token_is_refused(string text) => Assert.False(AccessToken.TryRead(text, out _));

    [Fact]
    public void A_token_does_not_print_itself()
    {
        var token = AccessToken.Create(TokenKind.Session);
        Assert.DoesNotContain(token.Reveal(), $"{token} {token.Hash()} {new Sessions.Created(token, default)}");
    }
}
