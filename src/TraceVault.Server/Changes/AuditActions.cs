namespace TraceVault.Changes;

/// <summary>
/// The names of actions in the audit log, in the form <c>what.happened</c>: scripts filter by them, so they never change.
/// </summary>
internal static class AuditActions
{
    public const string SetUp = "server.set_up";
    public const string SignIn = "session.signed_in", SignOut = "session.signed_out";
    public const string SessionEnded = "session.ended", OtherSessionsEnded = "session.others_ended", AllSessionsEnded = "session.all_ended";
    public const string KeySet = "key.set", KeyReplaced = "key.replaced", KeyRemoved = "key.removed", KeyCapChanged = "key.cap_changed";
    public const string TokenCreated = "token.created", TokenRevoked = "token.revoked";
    public const string DeviceApproved = "device.approved", DeviceRefused = "device.refused", DeviceWithdrawn = "device.withdrawn";
    public const string DeviceCodeTried = "device.code_tried", DeviceCodeReused = "device.code_reused";
    public const string RefreshReused = "session.refresh_reused", RefreshRefused = "session.refresh_refused";
    public const string Invited = "member.invited", InviteAccepted = "member.joined", InviteWithdrawn = "member.invite_withdrawn";
    public const string RoleChanged = "member.role_changed", Removed = "member.removed";
    public const string Disabled = "member.disabled", Enabled = "member.enabled";
    public const string ResetIssued = "password.reset_issued", ResetWithdrawn = "password.reset_withdrawn";
    public const string CapturePolicyChanged = "capture.policy_changed", CaptureChoiceChanged = "capture.choice_changed";
    public const string TraceErased = "trace.erased", TracesErased = "trace.all_erased";
    public const string PasswordReset = "password.reset", PasswordChanged = "password.changed";
}
