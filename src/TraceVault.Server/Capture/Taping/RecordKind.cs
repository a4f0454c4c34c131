namespace TraceVault.Capture.Taping;

/// <summary>What a record in the spool holds. The numbers are on disk: they never change.</summary>
internal enum RecordKind : byte
{
    /// <summary>An <see cref="ExchangeStart"/>; the first record of an exchange.</summary>
    Start = 1,

    /// <summary>Bytes of the request's body.</summary>
    Request = 2,

    /// <summary>An <see cref="AnswerHeading"/>.</summary>
    AnswerHead = 3,

    /// <summary>Bytes of the answer's body.</summary>
    Answer = 4,

    /// <summary>An <see cref="ExchangeEnd"/>; the last record of an exchange that ended while the server ran.</summary>
    End = 5,
}
