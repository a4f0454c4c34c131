namespace TraceVault.Capture.Policies;

/// <summary>The words that the API, the forms and the database have for the values of an enum.</summary>
internal sealed class Words<T>(params (string Word, T Value)[] pairs)
    where T : struct, Enum
{
    public IEnumerable<string> All => pairs.Select(pair => pair.Word);

    public string Of(T value) => Array.Find(pairs, pair => EqualityComparer<T>.Default.Equals(pair.Value, value)).Word;

    /// <returns>Null when it is none of the words.</returns>
    public T? Find(string? word)
    {
        var index = Array.FindIndex(pairs, pair => pair.Word == word);
        return index < 0 ? null : pairs[index].Value;
    }
}

/// <summary>The words of the policy; scripts use them, so they never change.</summary>
internal static class PolicyWords
{
    public static readonly Words<CaptureMode> Modes =
        new(("off", CaptureMode.Off), ("usage", CaptureMode.Usage), ("full", CaptureMode.Full));

    public static readonly Words<MembersMay> MembersMay = new(
        ("nothing", Policies.MembersMay.Nothing),
        ("less", Policies.MembersMay.Less),
        ("more", Policies.MembersMay.More),
        ("both", Policies.MembersMay.Both));

    public static readonly Words<OthersContent> OthersContent =
        new(("never", Policies.OthersContent.Never), ("with_reason", Policies.OthersContent.WithReason));
}
