using System.Text.RegularExpressions;

namespace TraceVault.FakeAnthropic;

/// <summary>What a user asked for: <c>write notes/hello.txt containing "Hello"</c>.</summary>
internal sealed partial class PromptText
{
    private const string DefaultPath = "hello.txt", DefaultContent = "Hello from the fake upstream.\n";

    public PromptText(MessagesRequest request)
    {
        var texts = request.Messages.Where(message => MessagesRequest.Text(message["role"]) == "user").SelectMany(MessagesRequest.Blocks)
            .Select(block => MessagesRequest.Text(block["text"]) ?? "").Select(text => Reminder().Replace(text, "")).ToArray();
        var prompt = texts.LastOrDefault(text => PathLike().IsMatch(text)) ?? "";
        var path = PathLike().Match(prompt) is { Success: true } match ? match.Groups[1].Value : DefaultPath;
        Path = System.IO.Path.IsPathRooted(path) ? path : System.IO.Path.Combine(WorkingDirectory(request), path);
        Content = Quoted().Match(prompt) is { Success: true } quoted ? quoted.Groups["text"].Value + "\n" : DefaultContent;
    }

    /// <summary>The first word of the prompt that ends in a file extension, in the client's working directory when that is known.</summary>
    public string Path { get; }

    /// <summary>The quoted text after "containing", "content", "saying" or "with", and a line end.</summary>
    public string Content { get; }

    /// <summary>Coding clients tell the model where they run, in the system prompt or in the first message.</summary>
    private static string WorkingDirectory(MessagesRequest request)
    {
        var texts = (request.Json["system"] as System.Text.Json.Nodes.JsonArray)
            ?.Select(block => MessagesRequest.Text(block?["text"]) ?? "") ?? [];
        texts = texts.Append(MessagesRequest.Text(request.Json["system"]) ?? "")
            .Concat(request.Messages.SelectMany(MessagesRequest.Blocks).Select(block => MessagesRequest.Text(block["text"]) ?? ""));
        return texts.Select(text => Directory().Match(text)).FirstOrDefault(match => match.Success)?.Groups[1].Value ?? "";
    }

    [GeneratedRegex("<system-reminder>.*?</system-reminder>", RegexOptions.Singleline)]
    private static partial Regex Reminder();

    [GeneratedRegex("""(?<![\w/.-])([\w/.~-]*[\w-]\.[A-Za-z]\w{0,7})(?![\w/])""")]
    private static partial Regex PathLike();

    [GeneratedRegex(
        """(?:containing|contents?|saying|with)\b[^"'`]*(?<quote>["'`])(?<text>.*?)\k<quote>""",
        RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Quoted();

    [GeneratedRegex("""[Ww]orking directory:\s*(/[^\n<]*[^\s<])""")]
    private static partial Regex Directory();
}
