namespace TraceVault.Hosting;

/// <summary>
/// Breaks off an answer in the middle when it is thrown to the web server: what was written is still sent, and the connection is closed
/// without the end that the framing asks for. <see cref="HttpContext.Abort"/> would reset the connection, and what a slow client has not
/// read yet would be lost.
/// </summary>
/// <remarks>The web server logs it as an error of the application, which it is not: the log leaves it out.</remarks>
internal sealed class BrokenAnswerException() : IOException("The answer cannot be continued.");
