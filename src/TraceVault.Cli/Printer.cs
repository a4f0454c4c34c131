using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace TraceVault.Cli;

/// <summary>
/// The only way to standard output and standard error. What comes from a server, a file or a variable is printed as text: characters that
/// would control the terminal, or change the direction of the text, are spelled out. Only this program's own words may hold line breaks and
/// colours.
/// </summary>
internal sealed class Printer(TextWriter writer, bool colours = false)
{
    public Style Style { get; } = new(colours);

    /// <summary>For the help, and for what moves the cursor. Nothing that comes from elsewhere is written here.</summary>
    public TextWriter Unfiltered => writer;

    public void Write(Words words) => writer.Write(words.ToString());

    public void WriteLine(Words words) => writer.WriteLine(words.ToString());

    /// <summary>For a text of this program's own, whose line breaks are kept.</summary>
    public void WriteLine(string text) => writer.WriteLine(Text.Escape(text));

    public void WriteLine(Styled text) => WriteLine($"{text}");

    /// <summary>What is not text is written as a JSON escape, from which a program reads exactly what was said.</summary>
    public void WriteJson<T>(T value, JsonTypeInfo<T> type) => writer.WriteLine(Text.Escape(JsonSerializer.Serialize(value, type)));
}

/// <summary>
/// An interpolated string on its way to a <see cref="Printer"/>: its literal parts are this program's own, the values in it may come from
/// anybody.
/// </summary>
[InterpolatedStringHandler]
internal readonly struct Words(int literalLength, int holes)
{
    private readonly StringBuilder _text = new(literalLength + (holes * 16));

    public void AppendLiteral(string ours) => _text.Append(ours);

    public void AppendFormatted(string? text) => _text.Append(Text.Printable(text ?? ""));

    public void AppendFormatted(Styled text) => _text.Append(text.Begin).Append(Text.Printable(text.Text)).Append(text.End);

    public void AppendFormatted<T>(T value) => AppendFormatted(Convert.ToString(value, CultureInfo.InvariantCulture));

    public override string ToString() => _text.ToString();
}
