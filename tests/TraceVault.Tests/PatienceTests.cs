namespace TraceVault.Tests;

public class PatienceTests
{
    [Fact]
    public async Task A_wait_for_what_never_comes_ends() =>
        await Assert.ThrowsAsync<TaskCanceledException>(
            () => new TaskCompletionSource().Task.WaitAsync(Patience.Within(TimeSpan.FromMilliseconds(1))));

    [Fact]
    public void What_costs_money_or_minutes_runs_only_when_its_own_variable_asks_for_it()
    {
        Assert.True(new FactWhenSetAttribute("TEST_NO_SUCH_VARIABLE").Explicit);
        Assert.False(new FactWhenSetAttribute("PATH").Explicit);
    }
}
