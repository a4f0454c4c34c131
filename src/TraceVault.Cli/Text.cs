using System.Globalization;

namespace TraceVault.Cli;

/// <summary>Words for people.</summary>
internal static class Text
{
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>What a server sent, without the control characters that would let it drive the terminal.</summary>
    public static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
