namespace TraceVault.Members;

/// <summary>The addresses of the pages that a link opens. Only an answer that shows a link once makes one.</summary>
internal static class MemberLinks
{
    public static string Invite(string origin, IssuedLink link) => $"{origin}/invite/{link.Token.Reveal()}";

    public static string Reset(string origin, IssuedLink link) => $"{origin}/reset/{link.Token.Reveal()}";
}
