using System.Globalization;

namespace TraceVault.Capture.Policies;

/// <summary>What somebody asks to change of the policy, as they sent it. Null leaves a field as it is.</summary>
public sealed record PolicyFields(string? Mode, string? MembersMay, long? ContentDays, long? UsageDays, string? OthersContent)
{
    /// <returns>What is wrong, by the field's name; empty when all is well.</returns>
    public Dictionary<string, string[]> Problems()
    {
        var problems = new Dictionary<string, string[]>();
        Check("mode", Mode is null || PolicyWords.Modes.Find(Mode) is not null, OneOf(PolicyWords.Modes.All));
        Check("members_may", MembersMay is null || PolicyWords.MembersMay.Find(MembersMay) is not null, OneOf(PolicyWords.MembersMay.All));
        Check("content_days", ContentDays is null or (>= 1 and <= CapturePolicy.MaxDays), Days);
        Check("usage_days", UsageDays is null or (>= 1 and <= CapturePolicy.MaxDays), Days);
        Check(
            "others_content",
            OthersContent is null || PolicyWords.OthersContent.Find(OthersContent) is not null,
            OneOf(PolicyWords.OthersContent.All));
        return problems;

        void Check(string field, bool isWell, string problem)
        {
            if (!isWell)
            {
                problems[field] = [problem];
            }
        }
    }

    /// <summary>To be called with fields that have no <see cref="Problems"/>.</summary>
    public CapturePolicy ApplyTo(CapturePolicy policy) => new(
        PolicyWords.Modes.Find(Mode) ?? policy.Mode,
        PolicyWords.MembersMay.Find(MembersMay) ?? policy.MembersMay,
        (int?)ContentDays ?? policy.ContentDays,
        (int?)UsageDays ?? policy.UsageDays,
        PolicyWords.OthersContent.Find(OthersContent) ?? policy.OthersContent);

    public static PolicyFields Of(CapturePolicy policy) => new(
        PolicyWords.Modes.Of(policy.Mode),
        PolicyWords.MembersMay.Of(policy.MembersMay),
        policy.ContentDays,
        policy.UsageDays,
        PolicyWords.OthersContent.Of(policy.OthersContent));

    /// <returns>The names and values of the fields that were sent, in the order of the API.</returns>
    public IEnumerable<(string Name, string Value)> Sent() =>
        from field in new (string Name, string? Value)[]
        {
            ("mode", Mode),
            ("members_may", MembersMay),
            ("content_days", ContentDays?.ToString(CultureInfo.InvariantCulture)),
            ("usage_days", UsageDays?.ToString(CultureInfo.InvariantCulture)),
            ("others_content", OthersContent),
        }
        where field.Value is not null
        select (field.Name, field.Value);

    private static string Days => $"It takes a whole number from 1 to {CapturePolicy.MaxDays}.";

    private static string OneOf(IEnumerable<string> words) => $"It takes one of: {string.Join(", ", words)}.";
}
