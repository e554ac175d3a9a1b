# attribute: namespaces
# says: must have 1 to 20 elements, not 0
# reason: an environment without a namespace is nothing

resource "goldenpath_team_environment" "namespaces_none" {
  name       = "payments-x"
  team       = "payments"
  tier       = "dev"
  cluster    = "demo"
  namespaces = {}
}
