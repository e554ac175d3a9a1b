# attribute: pod_security.version
# says: 1.36
# reason: a minor version, as labels take it

resource "goldenpath_team_environment" "pod_security_version_of_two" {
  name         = "payments-x"
  team         = "payments"
  tier         = "dev"
  cluster      = "demo"
  pod_security = { version = "2" }
}
