# attribute: namespaces
# says: is not a DNS label
# reason: keys become parts of names

resource "goldenpath_team_environment" "namespace_key_in_capitals" {
  name       = "payments-x"
  team       = "payments"
  tier       = "dev"
  cluster    = "demo"
  namespaces = { Api = {} }
}
