using System.Security.Cryptography;
using TraceVault.Accounts;
using TraceVault.Hosting;
using TraceVault.Keys;

namespace TraceVault.Gateway;

/// <summary>The proxied request, from the first line to the last byte.</summary>
internal sealed class Gateway(
    Callers callers,
    KeyVault vault,
    KeyCheck keyCheck,
    Forwarder forwarder,
    PublicUrl publicUrl,
    ProxyOptions options,
    GatewayMetrics metrics,
    GatewayLog log,
    Drain drain,
    TimeProvider clock)
{
    /// <summary>Takes the requests under <c>/proxy/anthropic</c>, by their raw target, before anything normalises it; the rest goes on.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var exchange = new Exchange(context, clock);
        var kind = RequestTarget.Read(exchange.RawTarget, publicUrl.Origin, out var target);
        return kind is TargetKind.NotOurs ? ElsewhereAsync(context, next) : ForwardAsync(exchange, kind, target);
    }

    /// <summary>On a pool thread, where pages and the management API may take their time.</summary>
    private static async Task ElsewhereAsync(HttpContext context, RequestDelegate next)
    {
        await Task.Yield();
        await next(context);
    }

    private async Task ForwardAsync(Exchange exchange, TargetKind kind, string target)
    {
        metrics.Begins();
        RequestContent.LiftLimits(exchange.Context);
        Ending ending = default;
        try
        {
            ending = await AnswerAsync(exchange, kind, target);
            await CloseAsync(exchange, ending);
        }
        catch (Exception problem) when (problem is OperationCanceledException or IOException && exchange.Context.RequestAborted.IsCancellationRequested)
        {
            ending = drain.IsOver ? Ending.Cut : Ending.ClientLeft;
        }
        catch (Exception problem)
        {
            log.Mistake(exchange, problem);
            ending = Ending.Refused(AnthropicError.Internal);
            await CloseAsync(exchange, ending);
        }
        finally
        {
            metrics.Ends(exchange, ending);
            log.Write(exchange, ending);
        }

        if (ending.Closing is Closing.CutShort && exchange.CanBeCutShort)
        {
            throw new BrokenAnswerException();
        }
    }

    /// <summary>Never a clean end to half an answer.</summary>
    private static Task CloseAsync(Exchange exchange, Ending ending)
    {
        if (ending.Closing is Closing.WithError && !exchange.HasAnswerBegun)
        {
            return ending.Error!.WriteAsync(exchange);
        }

        if (ending.Closing is Closing.Abort or Closing.WithError || (ending.Closing is Closing.CutShort && !exchange.CanBeCutShort))
        {
            exchange.Context.Abort();
        }

        return Task.CompletedTask;
    }

    private async ValueTask<Ending> AnswerAsync(Exchange exchange, TargetKind kind, string target)
    {
        var request = exchange.Context.Request;
        if (kind is TargetKind.Unacceptable)
        {
            return Ending.Refused(AnthropicError.BadPath);
        }

        if (!MethodRules.IsForwarded(request.Method))
        {
            return Ending.Refused(AnthropicError.BadMethod);
        }

        if (kind is TargetKind.Probe && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)))
        {
            return await ProbeAnswer.WriteAsync(exchange);
        }

        if (drain.IsUnderWay)
        {
            return Ending.Refused(AnthropicError.Draining);
        }

        var credential = Credentials.Read(request.Headers, out var token);
        if (credential is not CredentialKind.Token)
        {
            return Ending.Refused(credential is CredentialKind.Missing ? AnthropicError.MissingToken : AnthropicError.ConflictingTokens);
        }

        if (!AccessToken.TryRead(token, out var presented) || presented.Kind is not (TokenKind.Session or TokenKind.Proxy))
        {
            return Ending.Refused(AnthropicError.InvalidToken);
        }

        var (outcome, caller, expiredAt) = await callers.FindAsync(presented, exchange.Context.RequestAborted);
        if (caller is null)
        {
            return Ending.Refused(outcome switch
            {
                LookupOutcome.Unavailable => AnthropicError.Unavailable,
                LookupOutcome.Expired => AnthropicError.ExpiredToken(presented.Kind, expiredAt),
                _ => AnthropicError.InvalidToken,
            });
        }

        exchange.UserId = caller.UserId;
        if (caller.Key is null)
        {
            return Ending.Refused(AnthropicError.NoKey(publicUrl.Origin));
        }

        if (options.MaxBytesFor(target) is var most && request.ContentLength > most)
        {
            return Ending.Refused(AnthropicError.TooLarge(most));
        }

        if (TryOpen(caller.Key) is not { } key)
        {
            return Ending.Refused(AnthropicError.KeyUnreadable);
        }

        if (!caller.User.TryEnter(caller.MaxConcurrent))
        {
            return Ending.Refused(AnthropicError.TooManyRequests);
        }

        try
        {
            return await forwarder.ForwardAsync(exchange, target, caller.User, key);
        }
        finally
        {
            caller.Answered(exchange.UpstreamStatus, clock.GetUtcNow());
            caller.User.Leave();
        }
    }

    /// <summary>Opens the key for this one request; it is not kept.</summary>
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
}
