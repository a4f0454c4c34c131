namespace TraceVault.FakeAnthropic;

/// <summary>The realistic behaviour: looks at the faults of a request, then at its credential, then at its path.</summary>
internal static class FakeApi
{
    /// <summary>The part that needs only the request's head.</summary>
    /// <returns>True when the request is answered already, its body unread.</returns>
    public static async Task<bool> AnswerEarlyAsync(Exchange exchange)
    {
        exchange.SetCommonHeaders();
        var header = exchange.Context.Request.Headers[FaultGrammar.HeaderName].ToString();
        if (header.Length > 0 && !await AddFaultsAsync(exchange, header))
        {
            return true;
        }

        if (exchange.Find(FaultKind.Early) is not { } early)
        {
            return false;
        }

        await ApiError.WriteAsync(exchange, early.Code, retryAfter: early.RetryAfter);
        return true;
    }

    public static async Task AnswerAsync(Exchange exchange, ReadOnlyMemory<byte> body, long length)
    {
        exchange.Request = body.IsEmpty ? null : MessagesRequest.Parse(body);
        if (exchange.Request?.Model is { } model && model.StartsWith(FaultGrammar.ModelPrefix, StringComparison.Ordinal)
            && !await AddFaultsAsync(exchange, model[FaultGrammar.ModelPrefix.Length..]))
        {
            return;
        }

        await PauseAsync(exchange);
        if (exchange.Find(FaultKind.Reset) is { } reset)
        {
            await reset.CutAsync(exchange.Context);
        }
        else if (exchange.Find(FaultKind.Status) is { } status)
        {
            await ApiError.WriteAsync(exchange, status.Code, retryAfter: status.RetryAfter);
        }
        else if (exchange.Find(FaultKind.Redirect) is { } redirect)
        {
            Redirect(exchange, redirect);
        }
        else if (length > exchange.Options.MaxRequestBodyBytes)
        {
            await ApiError.WriteAsync(exchange, 413);
        }
        else
        {
            await RouteAsync(exchange);
        }
    }

    private static Task RouteAsync(Exchange exchange)
    {
        var request = exchange.Context.Request;
        var path = request.Path.Value ?? "";
        if (path is "/" or "/api/hello" && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)))
        {
            return ReplyWriter.WriteJsonAsync(exchange, new() { ["message"] = "hello" });
        }

        if (Refusal(exchange) is { } refusal)
        {
            return ApiError.WriteAsync(exchange, 401, refusal);
        }

        return (request.Method, path) switch
        {
            ("POST", "/v1/messages") => MessagesApi.CreateAsync(exchange),
            ("POST", "/v1/messages/count_tokens") => MessagesApi.CountAsync(exchange),
            ("GET", "/v1/models") => ModelsApi.ListAsync(exchange),
            ("GET", _) when path.StartsWith("/v1/models/", StringComparison.Ordinal) =>
                ModelsApi.ShowAsync(exchange, path["/v1/models/".Length..]),
            (_, "/v1/messages" or "/v1/messages/count_tokens" or "/v1/models") => ApiError.WriteAsync(exchange, 405, "Method Not Allowed"),
            _ => ApiError.WriteAsync(exchange, 404),
        };
    }

    private static string? Refusal(Exchange exchange)
    {
        var headers = exchange.Context.Request.Headers;
        var (key, bearer) = (headers["x-api-key"].ToString(), headers.Authorization.ToString());
        if (key.Length == 0 && bearer.Length == 0)
        {
            return "x-api-key header is required";
        }

        if (exchange.Options.ApiKey is not { } accepted || key == accepted)
        {
            return null;
        }

        if (key.Length > 0)
        {
            return "invalid x-api-key";
        }

        return bearer == $"Bearer {accepted}" ? null : "Invalid bearer token";
    }

    private static async Task<bool> AddFaultsAsync(Exchange exchange, string text)
    {
        var tooLate = exchange.Request is null ? default(FaultKind?) : FaultKind.Early; // the model's name comes with the body
        if (FaultGrammar.TryParse(text, out var faults) && !faults.Any(fault => fault.Kind == tooLate))
        {
            exchange.Add(faults);
            return true;
        }

        await ApiError.WriteAsync(exchange, 400, $"anthropic-fake: cannot read '{text}'; see --help");
        return false;
    }

    private static async Task PauseAsync(Exchange exchange)
    {
        if (exchange.Find(FaultKind.Delay) is { } delay)
        {
            await exchange.PauseAsync(delay);
        }

        if (exchange.Find(FaultKind.SlowHeaders) is not { } slow)
        {
            return;
        }

        if (exchange.Context.Request.Protocol == HttpProtocol.Http11 && exchange.Context.Features.Get<RawConnection>() is { } raw)
        {
            raw.PauseInsideNextHead(() => exchange.PauseAsync(slow));
        }
        else
        {
            await exchange.PauseAsync(slow);
        }
    }

    private static void Redirect(Exchange exchange, Fault redirect)
    {
        exchange.Response.StatusCode = redirect.Code;
        exchange.Response.Headers.Location = redirect.To;
    }
}
