namespace TraceVault.Cli;

/// <summary>Colours for a terminal; leaves text as it is elsewhere.</summary>
internal readonly record struct Style(bool Enabled)
{
    public Styled Red(string text) => Wrap(text, "31");

    public Styled Green(string text) => Wrap(text, "32");

    public Styled Yellow(string text) => Wrap(text, "33");

    public Styled Bold(string text) => Wrap(text, "1");

    // ECMA-48 "select graphic rendition".
    private Styled Wrap(string text, string code) => Enabled ? new($"\e[{code}m", text, "\e[0m") : new("", text, "");
}

/// <summary>
/// Text between two of our own control sequences, which a <see cref="Printer"/> lets through; the text itself may come from anybody.
/// </summary>
internal readonly record struct Styled(string Begin, string Text, string End)
{
    public override string ToString() => Text;
}
