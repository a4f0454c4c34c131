using System.IO.Pipelines;
using TraceVault.Hosting;
using TraceVault.Keys;

namespace TraceVault.Gateway;

/// <summary>Sends a request upstream and streams its answer back, byte for byte. Decision 13 says why this code is our own.</summary>
/// <remarks>
/// No byte waits for one that has not arrived yet: what was read is sent on as soon as another read would have to wait. No buffer is held
/// while a stream is silent. Half an answer never ends cleanly: the client's connection is broken instead.
/// </remarks>
internal sealed class Forwarder(ProxyOptions options, GatewayMetrics metrics, Drain drain, TimeProvider clock)
{
    /// <summary>How many bytes of an answer may wait to be sent together with those that follow.</summary>
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
            exchange.Tape.AnswerHead(context.Response.StatusCode, exchange.UpstreamRequestId, context.Response.Headers);
            metrics.UpstreamAnswered(exchange);
            route.Reach.Answered();
            if (AnswerHead.IsFollowedByBody(context))
            {
                await CopyAsync(await response.Content.ReadAsStreamAsync(silence.Token), exchange, silence);
            }

            return Ending.Of(context.Response.StatusCode);
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or OperationCanceledException)
        {
            return await EndOfAsync(problem, exchange, route, silence);
        }
        finally
        {
            // The upstream does not want what it has not read by now, and nobody may read the client's body once the request is over.
            if (exchange.Upload is { Copying: { IsCompleted: false } copying })
            {
                silence.Cancel();
                await copying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>
    /// Sends the request. Sends it again when a connection from the pool turns out to have ended before anything was sent; that connection
    /// leaves the pool.
    /// </summary>
    private static async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, Exchange exchange, HttpMessageInvoker client, CancellationToken cancel)
    {
        UpstreamStream.Sender.Value = exchange; // for this method and what it calls
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
            var free = writer.GetMemory();
            var read = await answer.ReadAsync(free, silence.Token);
            if (read == 0 ? exchange.BytesOut < length : exchange.BytesOut + read > length)
            {
                throw new HttpIOException(HttpRequestError.InvalidResponse, "The body is not as long as its head says.");
            }

            if (read == 0)
            {
                // Always, because at the end Kestrel does not send unflushed bytes of an answer that has a length and whose head was
                // already sent.
                await FlushAsync(writer, silence);
                return;
            }

            exchange.Tape.Answer(free.Span[..read]); // before the client can get it
            writer.Advance(read);
            exchange.BytesOut += read;
            silence.Moved();
        }
    }

    /// <summary>Sends what was written. The first time, that includes the head.</summary>
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
            return Ending.OfClient(byUs: drain.IsOver || exchange.IsBrokenOff, isSilent);
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
        return Ending.Refused(exchange.Failure.IsOfOneRequest
            ? GatewayError.UpstreamBroke(route.Provider)
            : GatewayError.UpstreamUnreachable(route.Provider));
    }

    /// <summary>Sends the client what came before the upstream died.</summary>
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
