using TraceVault.Accounts;
using TraceVault.Identity;
using TraceVault.Pages;

namespace TraceVault.Members;

/// <summary>What the pages behind invite and reset links have in common.</summary>
internal static class LinkTokens
{
    private static readonly TimeSpan RememberExpired = TimeSpan.FromDays(30);

    /// <summary>Reads the token of a link. If its checksum is wrong, the database is not asked.</summary>
    public static bool TryRead(string text, out TokenHash hash)
    {
        var isLink = AccessToken.TryRead(text, out var token) && token.Kind is TokenKind.Link;
        hash = token.Hash;
        return isLink;
    }

    /// <summary>
    /// A link that expired after this time is called too old; one that expired before it is unknown.
    /// </summary>
    public static DateTimeOffset ForgottenBefore(TimeProvider clock) => clock.GetUtcNow() - RememberExpired;

    public static IResult Unknown(HttpContext context) => Problems.Page(
        context,
        StatusCodes.Status404NotFound,
        "This link does not work",
        "It has been used, replaced or withdrawn, or part of it got lost on the way. "
        + "If you have used it, sign in. Otherwise ask whoever sent it for another.");

    public static IResult Expired(HttpContext context, DateTimeOffset expiresAt) => Problems.Page(
        context,
        StatusCodes.Status410Gone,
        "This link is too old",
        $"It was valid until {MemberTexts.Time(expiresAt)}. Ask whoever sent it for another.");

    /// <summary>The link's line at the <see cref="Turnstile"/>, which lets one request at a time use it.</summary>
    public static string Line(TokenHash link) => "link:" + Convert.ToHexStringLower(link.ToBytes());

    public static IResult Busy(HttpContext context)
    {
        AccountEndpoints.SetRetryAfter(context, Turnstile.ComeAgain);
        return Problems.Page(
            context,
            StatusCodes.Status429TooManyRequests,
            "This link is being used",
            "Too many people are using this link at the moment. Try again in a few seconds.");
    }

    /// <summary>Signs the browser in, and signs out whoever was signed in before.</summary>
    /// <param name="context">The browser's request.</param>
    /// <param name="user">The user who chose a password.</param>
    /// <param name="hash">The hash of that password: if it was changed since, nobody is signed in.</param>
    public static async Task<IResult> SignInAsync(
        HttpContext context, User user, string hash, SessionReader reader, Sessions sessions, CancellationToken cancel)
    {
        await SignInPages.EndEarlierAsync(context, reader, sessions, cancel);
        if (await sessions.CreateAsync(user, hash, Origin.Of(context), cancel) is not { } session)
        {
            return Redirects.See("/auth/login");
        }

        SessionCookie.Write(context, session.Token.Reveal(), session.ExpiresAt);
        return Redirects.See(ReturnTarget.Start);
    }
}
