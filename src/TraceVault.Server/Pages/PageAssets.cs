using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.HttpResults;

namespace TraceVault.Pages;

/// <summary>A file that pages refer to. Its name changes with its content, so browsers may keep it for good.</summary>
internal sealed class Asset
{
    private readonly byte[] _content;
    private readonly string _type;

    public Asset(string name, string type)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not in the program.");
        using var buffer = new MemoryStream();
        stream.CopyTo(buffer);
        (_content, _type) = (buffer.ToArray(), type);
        var hash = Convert.ToHexStringLower(SHA256.HashData(_content).AsSpan(0, 6));
        Path = $"/assets/{System.IO.Path.GetFileNameWithoutExtension(name)}.{hash}{System.IO.Path.GetExtension(name)}";
    }

    public string Path { get; }

    public FileContentHttpResult Serve(HttpContext context)
    {
        context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        return TypedResults.Bytes(_content, _type);
    }
}

/// <summary>The files that pages refer to.</summary>
internal static class PageAssets
{
    public static readonly Asset Style = new("style.css", "text/css; charset=utf-8");
    public static readonly Asset Script = new("script.js", "text/javascript; charset=utf-8");
    public static readonly Asset Icon = new("icon.svg", "image/svg+xml");

    public static readonly IReadOnlyList<Asset> All = [Style, Script, Icon];
}
