namespace TraceVault.Cli;

/// <summary>Colours for a terminal; leaves text as it is elsewhere.</summary>
internal readonly record struct Style(bool Enabled)
{
    public string Red(string text) => Wrap(text, "31");

    public string Green(string text) => Wrap(text, "32");

    public string Yellow(string text) => Wrap(text, "33");

    public string Bold(string text) => Wrap(text, "1");

    // ECMA-48 "select graphic rendition".
    private string Wrap(string text, string code) => Enabled ? $"\e[{code}m{text}\e[0m" : text;
}
