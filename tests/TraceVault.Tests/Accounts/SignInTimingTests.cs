using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Dapper;
using TraceVault.Accounts.Passwords;
using TraceVault.Tests.Members;

namespace TraceVault.Tests.Accounts;

/// <summary>Whether an address has an account cannot be read from how long a refusal takes.</summary>
[Collection(nameof(Alone))]
public class SignInTimingTests
{
    private const int Rounds = 12;

    [Fact]
    public async Task Unknown_known_and_disabled_accounts_take_the_same_time_to_refuse()
    {
        await using var team = await Team.StartAsync(
            "sqlite", passwordIterations: PasswordHashes.Iterations / 4); // still many times what everything else in a refusal costs
        var disabled = await team.JoinAsync("disabled", "member");
        await team.CallAsync(team.Owner, "POST", $"/api/v1/members/{disabled.Id}/disable");
        await using var connection = await team.Database.OpenAsync();
        string[] addresses = [TestServer.Email, "nobody@example.com", disabled.Email];
        var times = addresses.ToDictionary(address => address, _ => new List<double>());
        var texts = new HashSet<string>();

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var address in addresses.Skip(round % 3)
                .Concat(addresses.Take(round % 3))) // in turns: whatever slows the machine slows all alike
            {
                await connection.ExecuteAsync("delete from sign_in_failures");
                var watch = Stopwatch.StartNew();
                using var answer = await team.Server.Client.PostAsJsonAsync(
                    "/api/v1/auth/login", new { email = address, password = "some other words" }, Patience.Cancel);
                times[address].Add(watch.Elapsed.TotalMilliseconds);
                Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
                texts.Add(Regex.Replace(await answer.Content.ReadAsStringAsync(Patience.Cancel), "\"trace_id\":\"[^\"]*\"", ""));
            }
        }

        Assert.Single(texts);
        // A refusal without a check of the password would take a hundredth.
        // The shortest times, because a busy machine only adds to them.
        var shortest = times.Values.Select(list => list.Min()).ToList();
        Assert.True(shortest.Max() / shortest.Min() < 1.5, $"In ms: {string.Join(", ", shortest.Select(time => time.ToString("F1")))}");
    }
}
