using System.Text.Json.Nodes;

namespace TraceVault.FakeAnthropic;

/// <summary>The smallest value that a JSON schema accepts, for forced tools and for answers of a given format.</summary>
internal static class SchemaSample
{
    public static JsonObject Object(JsonNode? schema)
    {
        var sample = new JsonObject();
        if (schema?["properties"] is not JsonObject properties)
        {
            return sample;
        }

        var required = (schema["required"] as JsonArray)?.Select(MessagesRequest.Text).ToHashSet() ?? [];
        foreach (var (name, property) in properties)
        {
            if (required.Contains(name))
            {
                sample[name] = Value(property);
            }
        }

        return sample;
    }

    private static JsonNode? Value(JsonNode? schema)
    {
        if (schema?["enum"] is JsonArray { Count: > 0 } choices)
        {
            return choices[0]?.DeepClone();
        }

        return MessagesRequest.Text(schema?["type"]) switch
        {
            "object" => Object(schema),
            "array" => new JsonArray(),
            "integer" or "number" => 1,
            "boolean" => false,
            "null" => null,
            _ => "Sample text",
        };
    }
}
