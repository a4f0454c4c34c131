namespace TraceVault.Capture.Reading;

/// <summary>What was read of both bodies of an exchange.</summary>
internal sealed record ExchangeFacts(RequestFacts Request, AnswerFacts Answer);
