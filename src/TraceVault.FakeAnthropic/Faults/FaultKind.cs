namespace TraceVault.FakeAnthropic;

/// <summary>What can go wrong, or be shaped, in one answer; <see cref="FaultGrammar"/> has the names.</summary>
public enum FaultKind
{
    /// <summary>An error of the documented shape: <see cref="Fault.Code"/>, <see cref="Fault.RetryAfter"/>.</summary>
    Status,

    /// <summary>A pause before the response head: <see cref="Fault.For"/> or <see cref="Fault.Until"/>.</summary>
    Delay,

    /// <summary>A pause in the middle of the response head; over HTTP/2 the same as <see cref="Delay"/>.</summary>
    SlowHeaders,

    /// <summary>A pause within the stream, after <see cref="Fault.After"/> events.</summary>
    Silence,

    /// <summary>The connection is cut within the event that follows <see cref="Fault.After"/> events, or within a JSON body.</summary>
    CutMidEvent,

    /// <summary>The stream ends cleanly after <see cref="Fault.After"/> events, without message_stop.</summary>
    EndEarly,

    /// <summary>
    /// An error event, overloaded_error, after <see cref="Fault.After"/> events, and a clean end of the stream: the documented way to fail
    /// late.
    /// </summary>
    ErrorEvent,

    /// <summary>The connection is reset before any response byte.</summary>
    Reset,

    /// <summary>The body is sent with content-encoding gzip, asked for or not.</summary>
    Gzip,

    /// <summary>A JSON message whose body is <see cref="Fault.Bytes"/> long.</summary>
    Huge,

    /// <summary>
    /// The error <see cref="Fault.Code"/> is sent before the request's body is read. Not available through the model name.
    /// </summary>
    Early,

    /// <summary>A redirect, <see cref="Fault.Code"/>, to <see cref="Fault.To"/>.</summary>
    Redirect,

    /// <summary>
    /// A canned answer: <see cref="Fault.Events"/> events of <see cref="Fault.Seed"/>, <see cref="Fault.Pace"/> apart, as
    /// <see cref="SseScript"/> makes them.
    /// </summary>
    Reply,
}
