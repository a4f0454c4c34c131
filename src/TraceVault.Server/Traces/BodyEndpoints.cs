using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using TraceVault.Capture.Parts;
using TraceVault.Capture.Recording;
using TraceVault.Capture.Taping;
using TraceVault.Identity;

namespace TraceVault.Traces;

/// <summary>Gives recorded bodies back, byte for byte, to their owner alone.</summary>
internal static class BodyEndpoints
{
    public static Task<IResult> RequestAsync(
        string id,
        HttpResponse response,
        SignedIn me,
        TraceReader reader,
        KeptBodies bodies,
        RunningExchanges running,
        CancellationToken cancel) =>
        SendAsync(id, row => row.Request, response, me, reader, bodies, running, cancel);

    public static Task<IResult> ResponseAsync(
        string id,
        HttpResponse response,
        SignedIn me,
        TraceReader reader,
        KeptBodies bodies,
        RunningExchanges running,
        CancellationToken cancel) =>
        SendAsync(id, row => row.Response, response, me, reader, bodies, running, cancel);

    private static async Task<IResult> SendAsync(
        string id,
        Func<ExchangeDetails, Place?> placeOf,
        HttpResponse response,
        SignedIn me,
        TraceReader reader,
        KeptBodies bodies,
        RunningExchanges running,
        CancellationToken cancel)
    {
        if (!Guid.TryParseExact(id, "D", out var known))
        {
            return TypedResults.NotFound();
        }

        if (running.OwnerOf(known) is { } owner)
        {
            return owner == me.User.Id
                ? TypedResults.Problem("The exchange is not over. Ask again when it has ended.", statusCode: 409)
                : TypedResults.NotFound();
        }

        if (await reader.ExchangeAsync(known.ToString(), me.User, cancel) is not { } exchange || exchange.UserId != me.User.Id)
        {
            return TypedResults.NotFound();
        }

        if (exchange.ErasedAt is not null)
        {
            return Gone();
        }

        if (placeOf(exchange) is not { } place)
        {
            return TypedResults.Problem("The bodies of this exchange were not recorded.", statusCode: 404);
        }

        if (await bodies.ReadAsync(exchange.TraceId, place, cancel) is not { } body)
        {
            return Gone();
        }

        var bytes = body.Body;
        response.Headers["x-tracevault-content-type"] = body.ContentType;
        response.Headers["x-tracevault-content-encoding"] = body.ContentEncoding;
        return TypedResults.Bytes(
            bytes,
            "application/octet-stream",
            entityTag: new EntityTagHeaderValue($"\"sha256-{Convert.ToHexStringLower(SHA256.HashData(bytes.Span))}\""),
            enableRangeProcessing: true);
    }

    private static ProblemHttpResult Gone() => TypedResults.Problem("The content was erased, or its days are over.", statusCode: 410);
}
