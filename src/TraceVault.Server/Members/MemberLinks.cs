namespace TraceVault.Members;

/// <summary>The addresses of the pages that links open. They are made only for the one answer that shows the link.</summary>
internal static class MemberLinks
{
    public static string Invite(string origin, IssuedLink link) => $"{origin}/invite/{link.Token.Reveal()}";

    public static string Reset(string origin, IssuedLink link) => $"{origin}/reset/{link.Token.Reveal()}";
}
