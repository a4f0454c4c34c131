namespace TraceVault.Members;

/// <summary>What administrators are told, on pages and by the API.</summary>
internal static class MemberTexts
{
    public const string UnknownRole = "A role is member, admin or owner.";

    public static string Time(DateTimeOffset time) => $"{time.UtcDateTime:yyyy-MM-dd HH:mm} UTC";

    public static string Of(MemberOutcome outcome) => outcome switch
    {
        MemberOutcome.Unknown => "There is no such member: somebody may have removed them.",
        MemberOutcome.LastOwner => "This is the last owner who can sign in. Make somebody else an owner first.",
        MemberOutcome.LinkMade =>
            "A reset link was created a moment ago. It is shown only once and still works. If it is lost, create another one below.",
        MemberOutcome.Disabled => "This account is disabled. Enable it first.",
        _ => "Your role does not allow this. Owners manage everybody, "
            + "administrators manage members; nobody can create a reset link for themselves.",
    };

    public static int Status(MemberOutcome outcome) => outcome switch
    {
        MemberOutcome.Unknown => StatusCodes.Status404NotFound,
        MemberOutcome.NotAllowed => StatusCodes.Status403Forbidden,
        _ => StatusCodes.Status409Conflict,
    };

    public static string Of(InviteOutcome outcome) => outcome switch
    {
        InviteOutcome.Unknown => "There is no such invitation: it was used or withdrawn.",
        InviteOutcome.HasAccount => "This address already has an account.",
        InviteOutcome.LinkMade =>
            "This invitation was created a moment ago. Its link is shown only once and still works. "
            + "If it is lost, send this form again for a new one, which replaces it.",
        _ => "Your role does not allow this. Owners invite everybody, administrators invite members.",
    };

    public static int Status(InviteOutcome outcome) => outcome switch
    {
        InviteOutcome.Unknown => StatusCodes.Status404NotFound,
        InviteOutcome.NotAllowed => StatusCodes.Status403Forbidden,
        _ => StatusCodes.Status409Conflict,
    };
}
