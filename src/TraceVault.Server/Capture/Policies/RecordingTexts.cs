using System.Globalization;

namespace TraceVault.Capture.Policies;

/// <summary>What is recorded, in words for people.</summary>
internal static class RecordingTexts
{
    public const string OwnersOnly = "Only an owner of this server changes what it records. Nothing was changed. Ask an owner.";

    public const string NotAllowed =
        "The policy of this server does not allow this choice. Nothing was changed. Ask an owner of the server.";

    public static string Name(CaptureMode mode) => mode switch
    {
        CaptureMode.Off => "Off",
        CaptureMode.Usage => "Usage",
        _ => "Full",
    };

    /// <summary>What a mode keeps: the end of a sentence.</summary>
    public static string Kept(CaptureMode mode) => mode switch
    {
        CaptureMode.Off => "nothing but the server's metrics and a line in its log",
        CaptureMode.Usage =>
            "who sent it and when, session, agent, project, client, model, tokens by kind, cost, sizes, times, outcome and type of error. "
            + "No content: no prompt, no answer, no argument of a tool, no file name",
        _ => "what Usage keeps, and every byte of the request and the answer, sealed",
    };

    /// <summary>What a mode keeps and for how long, in half a sentence.</summary>
    public static string Brief(CaptureMode mode, CapturePolicy policy) => mode switch
    {
        CaptureMode.Off => "nothing of the requests",
        CaptureMode.Usage => $"who sends requests, when, with which model, tokens and cost, for {Days(policy.UsageDays)}, but no content",
        _ => $"every byte of requests and answers for {Days(policy.ContentDays)}, and their usage for {Days(policy.UsageDays)}",
    };

    /// <summary>For a device whose user is not known yet.</summary>
    public static string LoginNotice(CapturePolicy policy, string origin) =>
        $"Unless you chose otherwise, this server records {Brief(policy.Mode, policy)}. See what holds for you: {origin}/me/privacy";

    public static string Choices(MembersMay members) => members switch
    {
        MembersMay.Nothing => "Nothing: the policy holds for everybody",
        MembersMay.Less => "Less recording than the policy says",
        MembersMay.More => "More recording than the policy says",
        _ => "Less or more",
    };

    public static string Readers(OthersContent others) => others switch
    {
        OthersContent.Never => "Never: its owner alone",
        _ => "An owner who types a reason, which goes into the audit log",
    };

    public static string Days(int days) => days == 1 ? "1 day" : $"{days.ToString(CultureInfo.InvariantCulture)} days";
}
