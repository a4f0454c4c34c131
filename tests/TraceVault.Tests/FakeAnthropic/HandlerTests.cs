using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.FakeAnthropic;

public class HandlerTests
{
    [Fact]
    public async Task A_handler_answers_byte_for_byte_between_gates()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        var gate = new TaskCompletionSource();
        fake.Handler = async context =>
        {
            await context.Response.WriteAsync("one");
            await context.Response.Body.FlushAsync();
            await gate.Task;
            await context.Response.WriteAsync("two");
        };

        using var response = await fake.AskAsync();
        await using var body = await response.Content.ReadAsStreamAsync(FakeCalls.Cancel);
        var bytes = new byte[3];
        await body.ReadExactlyAsync(bytes, FakeCalls.Cancel);
        Assert.Equal("one", Encoding.UTF8.GetString(bytes));
        gate.SetResult();
        await body.ReadExactlyAsync(bytes, FakeCalls.Cancel);

        Assert.Equal("two", Encoding.UTF8.GetString(bytes));
        Assert.False(response.Headers.Contains("request-id"));
    }

    [Fact]
    public async Task A_handler_reads_the_recorded_body_again()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        fake.Handler = context => context.Request.Body.CopyToAsync(context.Response.Body);

        using var response = await fake.AskAsync();
        var (echo, _) = await response.ReadToEndAsync();

        Assert.Equal(fake.Requests[0].Body.ToArray(), echo);
    }

    [Fact]
    public async Task A_handler_may_read_the_body_as_it_arrives()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(new() { ReadBodyFirst = false }, FakeCalls.Cancel);
        var arrived = new TaskCompletionSource<byte>();
        fake.Handler = async context =>
        {
            var one = new byte[1];
            await context.Request.Body.ReadExactlyAsync(one);
            arrived.SetResult(one[0]);
            await context.Request.Body.CopyToAsync(Stream.Null);
        };
        await using var connection = await fake.ConnectAsync();
        await connection.WriteAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n");
        var request = await fake.NextRequestAsync(FakeCalls.Cancel);
        Assert.False(request.BodyReceived.IsCompleted);
        await connection.WriteAsync("a");
        Assert.Equal((byte)'a', await arrived.Task.WaitAsync(FakeCalls.Cancel));
        await connection.WriteAsync("b");
        await request.BodyReceived.WaitAsync(FakeCalls.Cancel);

        Assert.Equal("ab", Encoding.UTF8.GetString(request.Body.Span));
    }

    [Fact]
    public async Task A_request_tells_that_its_caller_left()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        fake.Handler = async context =>
        {
            await context.Response.Body.FlushAsync();
            await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted);
        };
        var response = await fake.AskAsync();
        var request = await fake.NextRequestAsync(FakeCalls.Cancel);
        Assert.False(request.Aborted.IsCompleted);
        response.Dispose();

        await request.Aborted.WaitAsync(FakeCalls.Cancel);
        await request.Completed.WaitAsync(FakeCalls.Cancel);
        await fake.WaitForConnectionsAsync(0, FakeCalls.Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}
