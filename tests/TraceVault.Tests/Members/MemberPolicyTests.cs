using TraceVault.Members;

namespace TraceVault.Tests.Members;

public class MemberPolicyTests
{
    /// <summary>Who, does what, to whom: everything that is allowed. What is not here is refused.</summary>
    private static readonly HashSet<string> Allowed =
    [
        .. from action in Enum.GetNames<MemberAction>() from target in MemberPolicy.Roles select $"owner {action} {target}",
        .. from action in Enum.GetNames<MemberAction>() select $"admin {action} member",
        .. from action in Enum.GetNames<MemberAction>() where action != "ResetPassword" select $"owner {action} self",
    ];

    [Fact]
    public void Owners_manage_everybody_administrators_manage_members_and_nobody_else_manages_anybody()
    {
        foreach (var role in (string[])[.. MemberPolicy.Roles, "", "root"])
        {
            foreach (var action in Enum.GetValues<MemberAction>())
            {
                Assert.All(MemberPolicy.Roles, target =>
                    Assert.Equal(Allowed.Contains($"{role} {action} {target}"), MemberPolicy.Allows(role, action, target, isSelf: false)));
                Assert.Equal(Allowed.Contains($"{role} {action} self"), MemberPolicy.Allows(role, action, role, isSelf: true));
            }
        }
    }

    [Theory]
    [InlineData("owner", "member admin owner")]
    [InlineData("admin", "member")]
    [InlineData("member", "")]
    [InlineData("root", "")]
    public void Nobody_gives_a_role_above_what_they_may(string role, string granted)
    {
        Assert.Equal(
            granted.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            MemberPolicy.Roles.Append("root").Where(other => MemberPolicy.MayGrant(role, other)));
    }
}
