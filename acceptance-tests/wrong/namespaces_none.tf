# attribute: namespaces
# says: 1
# reason: an environment without a namespace is nothing

resource "goldenpath_team_environment" "namespaces_none" {
  name       = "payments-x"
  team       = "payments"
  tier       = "dev"
  cluster    = "demo"
  namespaces = {}
}
