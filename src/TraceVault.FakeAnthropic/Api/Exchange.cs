namespace TraceVault.FakeAnthropic;

/// <summary>One request on its way to an answer.</summary>
internal sealed class Exchange(HttpContext context, FakeAnthropicOptions options, int number, IReadOnlyList<Fault> faults)
{
    private List<Fault> _faults = [.. faults];

    public HttpContext Context => context;

    public HttpResponse Response => context.Response;

    public CancellationToken Cancel => context.RequestAborted;

    public FakeAnthropicOptions Options => options;

    /// <summary>Differs between the requests of one fake, and is the same in every run.</summary>
    public int Seed { get; } = options.Seed + number;

    public string RequestId { get; } = new Seeded(-options.Seed - number).Id("req_01");

    /// <summary>Null until the body is read, and when there is none or it is not a JSON object.</summary>
    public MessagesRequest? Request { get; set; }

    /// <summary>The model that the answer names; a real one when the request names a fault instead of a model.</summary>
    public string Model =>
        Request?.Model is { } model && !model.StartsWith(FaultGrammar.ModelPrefix, StringComparison.Ordinal)
            ? model
            : SseScript.DefaultModel;

    public IReadOnlyList<Fault> Faults => _faults;

    public Fault? Find(FaultKind kind) => _faults.Find(fault => fault.Kind == kind);

    public void Add(IEnumerable<Fault> more) => _faults = [.. _faults, .. more];

    public void DropFaults() => _faults = [];

    public Task PauseAsync(Fault fault) => fault.PauseAsync(options.Clock, Cancel);

    /// <summary>The headers that every answer of the real API carries.</summary>
    public void SetCommonHeaders()
    {
        var headers = Response.Headers;
        var seeded = new Seeded(Seed);
        headers["request-id"] = RequestId;
        headers["anthropic-organization-id"] = "4f5a0f6e-7d54-4ef2-9d0b-0c6f2d1b7a31";
        headers.Server = "cloudflare";
        headers.SetCookie = $"__cf_bm={seeded.Id("")}; path=/; domain=.anthropic.com; HttpOnly; Secure; SameSite=None";
        headers["cf-ray"] = seeded.Id("")[..16] + "-FRA";
        headers["cf-cache-status"] = "DYNAMIC";
        headers["x-robots-tag"] = "none";
    }

    /// <summary>
    /// https://docs.anthropic.com/en/api/rate-limits#response-headers: the limits are full again in a second, times are RFC 3339.
    /// </summary>
    public void SetRateLimits(bool exhausted = false)
    {
        var reset = options.Clock.GetUtcNow().AddSeconds(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);
        foreach (var (kind, limit) in new[]
        {
            ("requests", 4000), ("input-tokens", 2_000_000), ("output-tokens", 400_000), ("tokens", 2_400_000),
        })
        {
            Response.Headers[$"anthropic-ratelimit-{kind}-limit"] = $"{limit}";
            Response.Headers[$"anthropic-ratelimit-{kind}-remaining"] = exhausted ? "0" : $"{limit - 1}";
            Response.Headers[$"anthropic-ratelimit-{kind}-reset"] = reset;
        }
    }
}
