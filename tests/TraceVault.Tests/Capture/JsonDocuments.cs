using System.Text.Json;
using CsCheck;

namespace TraceVault.Tests.Capture;

/// <summary>Random objects whose names are mostly those that a request has, at any depth, and whose strings are full of JSON.</summary>
internal static class JsonDocuments
{
    private static readonly Gen<string> Names = Gen.OneOf(
        "model", "messages", "metadata", "stream", "tools", "max_tokens", "thread", "user_id", "previous_message_id", "mod\\u0065l", "a",
        "\\\"model\\\"", "role", "content", "cache_control");

    private static readonly Gen<string> Strings = Gen.OneOf(
        Gen.OneOf(
            "\"\"", "\"m\"", "\"\\\\\"", "\"\\\",\\\"model\\\":\\\"no\\\"\"", "\"}\"", "\"{[\"", "\"\\u00e9\\ud83d\\ude42\"",
            "\"{\\\"session_id\\\":\\\"s-1\\\"}\"", "\"user_1_account__session_7844bec3-3809-452d-bcb1-527374032b2b\""),
        Gen.String[Gen.Char[' ', '~'], 0, 80].Select(text => JsonSerializer.Serialize(text)));

    private static readonly Gen<string> Scalars = Gen.OneOf(
        Strings, Gen.OneOf("true", "false", "null", "0", "-1", "1.5", "1e3", "99999999999"), Gen.Int.Select(number => $"{number}"));

    private static readonly Gen<string> Space = Gen.OneOf("", "", "", " ", "\r\n\t");

    public static Gen<string> Objects { get; } = ObjectsOf(4);

    private static Gen<string> ObjectsOf(int depth) =>
        Gen.Select(Space, Names, Space, ValuesOf(depth))
            .Select((around, name, space, value) => $"{around}\"{name}\"{space}:{space}{value}{around}")
            .Array[0, 8].Select(members => $"{{{string.Join(',', members)}}}");

    private static Gen<string> ValuesOf(int depth) => depth == 0 ? Scalars : Gen.OneOf(
        Scalars,
        ObjectsOf(depth - 1),
        Gen.Select(Space, ValuesOf(depth - 1)).Array[0, 4]
            .Select(elements => $"[{string.Join(',', elements.Select(each => each.Item1 + each.Item2))}]"));
}
