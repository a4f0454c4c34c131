using Microsoft.AspNetCore.Http.Features;
using TraceVault.Accounts;
using TraceVault.Capture;
using TraceVault.Capture.Taping;
using TraceVault.Keys;
using TraceVault.Logging;
using TraceVault.Providers;

namespace TraceVault.Gateway;

/// <summary>
/// One request on its way through the proxy, and what is known about it so far: for the log, the metrics and the error answers.
/// </summary>
internal sealed class Exchange(HttpContext context, Provider provider, TimeProvider clock)
{
    private readonly long _started = clock.GetTimestamp();
    private long _firstByte;

    public HttpContext Context { get; } = context;

    /// <summary>Made by <see cref="RequestIds"/>; sent back as <c>x-tracevault-request-id</c>.</summary>
    public string RequestId { get; } = RequestIds.Create(clock.GetUtcNow());

    /// <summary>The target as received, query included: untrusted until <see cref="RequestTargets"/> has read it.</summary>
    public string RawTarget { get; } = RawTargetOf(context);

    /// <summary>The provider whose API is called.</summary>
    public Provider Provider { get; } = provider;

    /// <summary>Null until the token is known to be somebody's.</summary>
    public string? UserId { get; set; }

    /// <summary>The token that the caller presented; meaningless as long as <see cref="UserId"/> is null.</summary>
    public PresentedToken Token { get; set; }

    /// <summary>Whether we broke the exchange off because its token was ended meanwhile.</summary>
    public bool IsBrokenOff { get; private set; }

    /// <summary>Null until the upstream has answered.</summary>
    public int? UpstreamStatus { get; set; }

    /// <summary>What the upstream's answer says about the key; null when it says nothing, or when there was none.</summary>
    public bool? KeyVerdict => UpstreamStatus is { } status ? Provider.KeyVerdict(status) : null;

    /// <summary>The provider's own id of the request; null when there is none, or when it holds a part of the key.</summary>
    public string? UpstreamRequestId { get; set; }

    /// <summary>Body bytes read from the client.</summary>
    public long BytesIn { get; set; }

    /// <summary>Body bytes written to the client.</summary>
    public long BytesOut { get; set; }

    /// <summary>The body on its way to the upstream; null when the request has none, or one of length 0.</summary>
    public RequestContent? Upload { get; set; }

    /// <summary>Keeps what the user wants kept; nothing until the user is known.</summary>
    public Tape Tape { get; set; } = Tape.None;

    /// <summary>Whether the client sent more than it may.</summary>
    public bool IsTooLarge { get; set; }

    /// <summary>Whether the answer is a stream of events.</summary>
    public bool IsStream { get; set; }

    /// <summary>Whether some of an answer exists, sent or not. An answer that has begun can't be taken back.</summary>
    public bool HasAnswerBegun => Context.Response.HasStarted || UpstreamStatus is not null;

    /// <summary>
    /// Whether the framing alone shows the client that an answer is not whole, so that what there is of it may be sent first. It does not
    /// over HTTP/1.0, where the end of the connection can be the end of the answer. Also false while the client still sends, because the
    /// web server would first wait for the rest, for seconds.
    /// </summary>
    public bool CanBeCutShort => HttpProtocol.IsHttp11(Context.Request.Protocol) && Upload is null or { IsOver: true };

    /// <summary>Why the upstream could not be reached; null when it could, or was not asked.</summary>
    public UpstreamFailure? Failure { get; set; }

    public static string RawTargetOf(HttpContext context) => context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

    public TimeSpan Elapsed => clock.GetElapsedTime(_started);

    /// <summary>Time to the first byte of the answer; null when there was none.</summary>
    public TimeSpan? TimeToFirstByte => _firstByte == 0 ? null : clock.GetElapsedTime(_started, _firstByte);

    /// <summary>Has the tape keep from now on what it is to keep.</summary>
    public void Record(Tapes tapes, CallerSnapshot caller, RequestTarget target)
    {
        if (tapes.ModeOf(caller.UserId) is var mode and not CaptureMode.Off)
        {
            Tape = tapes.Begin(new ExchangeStart(
                Guid.Parse(RequestId),
                caller.UserId,
                caller.TokenId,
                Provider.Name,
                Redaction.Word(Context.Request.Method, ExchangeStart.MaxMethod),
                GatewayLog.PathForLog(target.Upstream),
                mode,
                IdentifyingHeaders.Of(Context.Request.Headers)));
        }
    }

    public void EndTape(Ending ending) =>
        Tape.End(new ExchangeEnd(ending.Word, ending.Error?.Code, TimeToFirstByte, Elapsed, BytesIn, BytesOut));

    /// <summary>To be called once the head of the upstream's answer is in the response.</summary>
    /// <param name="key">The key that the request was sent with.</param>
    public void UpstreamAnswered(ProviderKey key)
    {
        UpstreamStatus = Context.Response.StatusCode;
        string? id = Context.Response.Headers[Provider.RequestIdHeader];
        UpstreamRequestId = key.IsPartlyIn(id) ? null : id;
        MarkFirstByte();
    }

    /// <summary>Ends the exchange because its token was ended: the client sees a broken stream.</summary>
    public void BreakOff()
    {
        IsBrokenOff = true;
        Context.Abort();
    }

    public void MarkFirstByte()
    {
        if (_firstByte == 0)
        {
            _firstByte = clock.GetTimestamp();
        }
    }
}
