using System.IO.Pipelines;
using TraceVault.Hosting;
using TraceVault.Keys;

namespace TraceVault.Gateway;

/// <summary>Sends a request upstream and streams its answer back, byte for byte. Decision 13 says why this is our own.</summary>
/// <remarks>
/// A byte waits for nothing but the next one that is there already: what was read is sent on as soon as another read would have to wait. No
/// buffer is held while a stream is silent. Half an answer never ends cleanly: then the client's connection is broken.
/// </remarks>
internal sealed class Forwarder(ProxyOptions options, GatewayMetrics metrics, Drain drain, TimeProvider clock)
{
    /// <summary>How much of an answer may wait for the bytes behind it, in bytes.</summary>
    private const int MostUnflushed = 64 << 10;

    public async Task<Ending> ForwardAsync(Exchange exchange, RequestTarget target, int maxBytes, CallerState user, ProviderKey key)
    {
        var (context, route) = (exchange.Context, target.Route!);
        using var silence = new SilenceLimit(options.UpstreamTimeout, clock, context.RequestAborted);
        exchange.Upload = RequestContent.Of(exchange, silence, clock, maxBytes);
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), route.Upstream.AddressOf(target.Upstream))
        {
            Version = route.Upstream.HttpVersion,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        GatewayHeaders.WriteRequest(context.Request, exchange.Upload, request, route.Provider, key);
        try
        {
            using var response = await SendAsync(request, exchange, route.Upstream.ClientOf(user), silence.Token);
            silence.Moved();
            AnswerHead.RefuseUnsound(response);
            GatewayHeaders.WriteResponse(response, exchange);
            exchange.UpstreamAnswered(key);
            metrics.UpstreamAnswered(exchange);
            route.Reach.Answered();
            if (AnswerHead.IsFollowedByBody(context))
            {
                await CopyAsync(await response.Content.ReadAsStreamAsync(silence.Token), exchange, silence);
            }

            return Ending.Answered;
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or OperationCanceledException)
        {
            return await EndOfAsync(problem, exchange, route, silence);
        }
        finally
        {
            // What the upstream has not read by now it does not want; and nobody may read the client's body once the request is over.
            if (exchange.Upload is { Copying: { IsCompleted: false } copying })
            {
                silence.Cancel();
                await copying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>
    /// Sends the request; again when a connection from the pool, which it then leaves, was over before anything of it was sent.
    /// </summary>
    private static async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, Exchange exchange, HttpMessageInvoker client, CancellationToken cancel)
    {
        UpstreamStream.Sender.Value = exchange; // in this flow, which ends with this method
        while (true)
        {
            try
            {
                var response = await client.SendAsync(request, cancel);
                exchange.Upload?.Forget();
                return response;
            }
            catch (HttpRequestException problem) when (problem.GetBaseException() is NothingSentException)
            {
            }
        }
    }

    private static async Task CopyAsync(Stream answer, Exchange exchange, SilenceLimit silence)
    {
        var writer = exchange.Context.Response.BodyWriter;
        var length = exchange.Context.Response.ContentLength;
        while (true)
        {
            var more = answer.ReadAsync(Memory<byte>.Empty, silence.Token); // completes when there is something to read
            if (!more.IsCompletedSuccessfully || writer.UnflushedBytes >= MostUnflushed)
            {
                await FlushAsync(writer, silence);
            }

            await more;
            var read = await answer.ReadAsync(writer.GetMemory(), silence.Token);
            if (read == 0 ? exchange.BytesOut < length : exchange.BytesOut + read > length)
            {
                throw new HttpIOException(HttpRequestError.InvalidResponse, "The body is not as long as its head says.");
            }

            if (read == 0)
            {
                // Always: of an answer with a length whose head has left, Kestrel would not send at the end what was never flushed.
                await FlushAsync(writer, silence);
                return;
            }

            writer.Advance(read);
            exchange.BytesOut += read;
            silence.Moved();
        }
    }

    /// <summary>The head as well, the first time.</summary>
    private static async ValueTask FlushAsync(PipeWriter writer, SilenceLimit silence)
    {
        silence.IsOfClient = true;
        if ((await writer.FlushAsync(silence.Token)).IsCompleted)
        {
            throw new OperationCanceledException("The client left.");
        }

        silence.IsOfClient = false;
        silence.Moved();
    }

    private async ValueTask<Ending> EndOfAsync(Exception problem, Exchange exchange, Route route, SilenceLimit silence)
    {
        if (exchange is { IsTooLarge: true, UpstreamStatus: null })
        {
            return Ending.Refused(GatewayError.TooLarge(exchange.Upload!.MaxBytes));
        }

        var isSilent = silence.IsOver;
        if (exchange.Context.RequestAborted.IsCancellationRequested || exchange.Upload is { HasClientFailed: true } || exchange.IsTooLarge
            || silence.IsOfClient || (isSilent && silence.IsOfUpload))
        {
            return drain.IsOver || exchange.IsBrokenOff ? Ending.Cut : isSilent ? Ending.ClientSilent : Ending.ClientLeft;
        }

        if (exchange.UpstreamStatus is not null)
        {
            await FlushLastAsync(exchange.Context.Response.BodyWriter, silence);
            return isSilent ? Ending.UpstreamSilent : Ending.UpstreamDied;
        }

        if (isSilent)
        {
            return Ending.Refused(GatewayError.UpstreamTimeout(route.Provider));
        }

        exchange.Failure = route.Reach.Failed(problem);
        return Ending.Refused(exchange.Failure.IsOfOneRequest ? GatewayError.UpstreamBroke(
            route.Provider) : GatewayError.UpstreamUnreachable(route.Provider));
    }

    /// <summary>What came before the upstream died is the client's.</summary>
    private static async ValueTask FlushLastAsync(PipeWriter writer, SilenceLimit silence)
    {
        try
        {
            await FlushAsync(writer, silence);
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException)
        {
            // The client has left as well, or takes nothing.
        }
    }
}
