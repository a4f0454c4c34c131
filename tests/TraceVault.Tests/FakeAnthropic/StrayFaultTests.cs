using System.Net;
using System.Text.Json.Nodes;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.FakeAnthropic;

/// <summary>A fault that does not happen must not look like an upstream in good health.</summary>
public class StrayFaultTests
{
    [Theory]
    [InlineData("cut-mid-event;after=24", "cut-mid-event")]
    [InlineData("cut-mid-event;after=30", "cut-mid-event")]
    [InlineData("end-early;after=24", "end-early")]
    [InlineData("silence;after=30", "silence")]
    [InlineData("error-event;after=24", "error-event")]
    [InlineData("end-early;after=3,silence;after=5", "silence")]
    [InlineData("end-early;after=3,end-early;after=5", "end-early")]
    [InlineData("huge,cut-mid-event", "cut-mid-event")]
    [InlineData("gzip,huge", "gzip")]
    public async Task A_fault_that_a_stream_has_no_place_for_is_named_in_an_error(string faults, string name) =>
        await AssertNamedAsync(faults, name, stream: true);

    [Theory,
        InlineData("silence", "silence"),
        InlineData("end-early", "end-early"),
        InlineData("end-early,gzip", "end-early"),
        InlineData("error-event", "error-event")]
    public async Task A_fault_of_streams_is_named_in_an_error_when_the_answer_is_none(string faults, string name) =>
        await AssertNamedAsync(faults, name, stream: false);

    [Fact]
    public async Task A_fault_of_messages_is_not_lost_on_another_path()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        foreach (var fault in (Fault[])[Fault.Silence(0, Task.CompletedTask), Fault.EndEarly(0), Fault.Huge(1)])
        {
            fake.EnqueueFault(fault);
            using var response = await fake.Client().GetAsync("v1/models", FakeCalls.Cancel);
            Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        }
    }

    [Fact]
    public async Task Every_silence_of_a_stream_falls()
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        fake.EnqueueFault(
            Fault.Silence(2, Task.CompletedTask), Fault.Silence(4, Task.FromException(new IOException("struck"))), Fault.Reply(24));
        using var response = await fake.AskAsync();

        Assert.NotNull((await response.ReadToEndAsync()).Broken);
    }

    [Theory]
    [InlineData("end-early;for=2s"),
        InlineData("status;after=3"),
        InlineData("reset;fin"),
        InlineData("gzip;bytes=1"),
        InlineData("delay;after=2")]
    [InlineData("silence;code=500"),
        InlineData("cut-mid-event;fin=no"),
        InlineData("huge;events=24"),
        InlineData("reply;after=3"),
        InlineData("redirect;for=1s")]
    public async Task A_key_that_the_fault_has_no_use_for_is_refused(string fault)
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var response = await fake.AskAsync(fault);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(fault, await response.Content.ReadAsStringAsync(FakeCalls.Cancel));
    }

    private static async Task AssertNamedAsync(string faults, string name, bool stream)
    {
        await using var fake = await FakeAnthropicServer.StartAsync(cancel: FakeCalls.Cancel);
        using var response = await fake.AskAsync(faults, stream);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync(FakeCalls.Cancel))!;

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal(
            "false", Assert.Single(response.Headers.GetValues("x-should-retry"))); // a retry would get a healthy answer
        Assert.StartsWith($"anthropic-fake: {name} cannot strike", (string?)error["error"]!["message"]);
    }
}
