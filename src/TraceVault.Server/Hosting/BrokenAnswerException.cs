namespace TraceVault.Hosting;

/// <summary>
/// Thrown to the web server, ends an answer that has begun in the middle: what was written of it is still sent, and the connection is closed without the end
/// that the framing asks for. <see cref="HttpContext.Abort"/> would reset it, and what a slow client has not read yet would be lost.
/// </summary>
/// <remarks>The web server logs it as a mistake of the application's, which it is not: the log leaves it out.</remarks>
internal sealed class BrokenAnswerException() : IOException("The answer cannot be continued.");
