# attribute: pod_security.enforce
# says: stricter
# reason: only stricter is allowed

resource "goldenpath_team_environment" "pod_security_weaker_than_the_tier" {
  name         = "payments-x"
  team         = "payments"
  tier         = "staging"
  cluster      = "demo"
  pod_security = { enforce = "baseline" }
}
