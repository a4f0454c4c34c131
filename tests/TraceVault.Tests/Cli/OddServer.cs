using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TraceVault.Tests.Cli;

/// <summary>A server that answers the command line as a test likes.</summary>
internal sealed class OddServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OddServer(WebApplication app) => (_app, Url) = (app, app.Urls.Single());

    /// <summary>Origin, without a trailing slash; it stays when the server is gone.</summary>
    public string Url { get; }

    public static Task<OddServer> StartAsync(RequestDelegate answer, bool tls = false) => StartAsync(answer, tls ? SelfSigned() : null);

    /// <param name="answer">What it does.</param>
    /// <param name="certificate">Null: it speaks http.</param>
    public static async Task<OddServer> StartAsync(RequestDelegate answer, X509Certificate2? certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ResponseHeaderEncodingSelector = _ => System.Text.Encoding.Latin1;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                if (certificate is not null)
                {
                    listen.UseHttps(certificate);
                }
            });
        });
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync(Patience.Cancel);
        return new(app);
    }

    public static Task JsonAsync(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }

    /// <summary>
    /// What the API tells of a session, or of a key that is not stored; a logout is answered as done. Of recording it knows nothing, as an
    /// older server.
    /// </summary>
    public static Task SessionAsync(HttpContext context, string end)
    {
        if (context.Request.Path == "/api/v1/auth/logout")
        {
            context.Response.StatusCode = 204;
            return Task.CompletedTask;
        }

        if (context.Request.Path == "/api/v1/me/capture")
        {
            return ProblemAsync(context, 404, """{"title":"Not Found","status":404}""");
        }

        return JsonAsync(context, context.Request.Path == "/api/v1/me"
            ? $$"""{"email":"ada@example.com","session":{"created_at":"2026-10-20T10:00:00Z","expires_at":"{{end}}"} }"""
            : """{"configured":false}""");
    }

    public static Task ProblemAsync(HttpContext context, int status, string json)
    {
        (context.Response.StatusCode, context.Response.ContentType) = (status, "application/problem+json");
        return context.Response.WriteAsync(json);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
    }
}
