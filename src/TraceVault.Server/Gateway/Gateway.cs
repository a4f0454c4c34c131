using System.Security.Cryptography;
using TraceVault.Accounts;
using TraceVault.Capture.Taping;
using TraceVault.Hosting;
using TraceVault.Keys;

namespace TraceVault.Gateway;

/// <summary>The proxied request, from the first line to the last byte.</summary>
internal sealed class Gateway(
    RequestTargets targets,
    Callers callers,
    KeyVault vault,
    KeyCheck keyCheck,
    Forwarder forwarder,
    PublicUrl publicUrl,
    ProxyOptions options,
    GatewayMetrics metrics,
    GatewayLog log,
    Drain drain,
    Tapes tapes,
    TimeProvider clock)
{
    /// <summary>
    /// Serves every request whose raw target lies below a provider's base path, before anything normalises that target. All other requests
    /// go on to <paramref name="next"/>.
    /// </summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var target = targets.Read(Exchange.RawTargetOf(context));
        return target.Kind is TargetKind.NotOurs
            ? ElsewhereAsync(context, next)
            : ServeAsync(new Exchange(context, target.Route!.Provider, clock), target);
    }

    /// <summary>Moves to a pool thread, where pages and the management API may take long.</summary>
    private static async Task ElsewhereAsync(HttpContext context, RequestDelegate next)
    {
        await Task.Yield();
        await next(context);
    }

    private async Task ServeAsync(Exchange exchange, RequestTarget target)
    {
        metrics.Begins();
        RequestContent.LiftLimits(exchange.Context);
        var ending = Ending.Refused(GatewayError.Internal);
        var closing = Closing.Abort;
        try
        {
            ending = await AnswerAsync(exchange, target);
            closing = await CloseAsync(exchange, ending);
        }
        catch (Exception problem) when (problem is OperationCanceledException or IOException
            && exchange.Context.RequestAborted.IsCancellationRequested)
        {
            ending = Ending.OfClient(byUs: drain.IsOver || exchange.IsBrokenOff);
        }
        catch (Exception problem)
        {
            log.Mistake(exchange, problem);
            ending = Ending.Refused(GatewayError.Internal);
            closing = await CloseAsync(exchange, ending);
        }
        finally
        {
            metrics.Ends(exchange, ending);
            log.Write(exchange, ending);
            exchange.EndTape(ending);
        }

        if (closing is Closing.CutShort)
        {
            throw new BrokenAnswerException();
        }
    }

    /// <remarks>
    /// 1. Is the request one that we forward? 2. Does it only ask whether anybody is here, and does the server still run? 3. Who asks?
    /// 4. What is kept of it? 5. With which key, and is the body small enough? 6. Does the user have a free place? 7. Forward the request.
    /// </remarks>
    private async ValueTask<Ending> AnswerAsync(Exchange exchange, RequestTarget target)
    {
        var request = exchange.Context.Request;
        if (target.Kind is TargetKind.Unacceptable || !MethodRules.IsForwarded(request.Method)) // 1.
        {
            return Ending.Refused(target.Kind is TargetKind.Unacceptable ? GatewayError.BadPath : GatewayError.BadMethod);
        }

        if (target.Kind is TargetKind.Probe && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))) // 2.
        {
            return await ProbeAnswer.WriteAsync(exchange);
        }

        if (drain.IsUnderWay)
        {
            return Ending.Refused(GatewayError.Draining);
        }

        var (caller, unknown) = await FindCallerAsync(exchange); // 3.
        if (caller is null)
        {
            return Ending.Refused(unknown!);
        }

        exchange.Record(tapes, caller, target); // 4.
        if (caller.KeyFor(exchange.Provider) is not { } stored) // 5.
        {
            return Ending.Refused(GatewayError.NoKey(exchange.Provider, publicUrl.Origin));
        }

        var maxBytes = exchange.Provider.MaxBytesFor(target.Upstream) ?? options.MaxBodyBytes;
        if (request.ContentLength > maxBytes)
        {
            return Ending.Refused(GatewayError.TooLarge(maxBytes));
        }

        if (TryOpen(stored) is not { } key)
        {
            return Ending.Refused(GatewayError.KeyUnreadable(exchange.Provider));
        }

        if (!caller.User.TryEnter(exchange, caller.MaxConcurrent)) // 6.
        {
            return Ending.Refused(GatewayError.TooManyRequests);
        }

        caller.Use.KeyId = stored.Id;
        Ending ending;
        try
        {
            if (caller.IsOutdated)
            {
                callers.Recheck(caller.User); // the token may have been ended before this exchange was listed as running
            }

            ending = await forwarder.ForwardAsync(exchange, target, maxBytes, caller.User, key); // 7.
        }
        finally
        {
            caller.Answered(stored, exchange.KeyVerdict, clock.GetUtcNow());
            caller.User.Leave(exchange); // from here on nobody breaks the exchange off
        }

        return exchange.IsBrokenOff ? Ending.Cut : ending;
    }

    /// <returns>The caller, or the error that says why there is none.</returns>
    private async ValueTask<(CallerSnapshot? Caller, GatewayError? Error)> FindCallerAsync(Exchange exchange)
    {
        var credential = Credentials.Read(exchange.Context.Request.Headers, exchange.Provider.TokenHeader, out var token);
        if (credential is not CredentialKind.Token)
        {
            return (null, credential is CredentialKind.Missing
                ? GatewayError.MissingToken(exchange.Provider) : GatewayError.ConflictingTokens(exchange.Provider));
        }

        if (!AccessToken.TryRead(token, out var presented) || presented.Kind is not (TokenKind.Session or TokenKind.Proxy))
        {
            return (null, GatewayError.InvalidToken(exchange.Provider));
        }

        var (outcome, caller, expiredAt) = await callers.FindAsync(presented, exchange.Context.RequestAborted);
        (exchange.UserId, exchange.Token) = (caller?.UserId, presented);
        return (caller, outcome switch
        {
            LookupOutcome.Found => null,
            LookupOutcome.Unavailable => GatewayError.Unavailable,
            LookupOutcome.Expired => GatewayError.ExpiredToken(exchange.Provider, presented.Kind, expiredAt),
            _ => GatewayError.InvalidToken(exchange.Provider),
        });
    }

    /// <summary>Opens the key for this one request; the opened key is not kept. Null when it does not open.</summary>
    private ProviderKey? TryOpen(SealedKey key)
    {
        try
        {
            return vault.Open(key);
        }
        catch (CryptographicException)
        {
            keyCheck.Report(key.Id);
            return null;
        }
    }

    /// <summary>Sends the error, or resets the connection.</summary>
    private static async Task<Closing> CloseAsync(Exchange exchange, Ending ending)
    {
        var closing = ending.ClosingOf(exchange);
        if (closing is Closing.WithError)
        {
            await ending.Error!.WriteAsync(exchange);
        }
        else if (closing is Closing.Abort)
        {
            exchange.Context.Abort();
        }

        return closing;
    }
}
