# attribute: network.default_deny
# says: close more
# reason: prod closes both directions

resource "goldenpath_team_environment" "default_deny_weaker_than_prod" {
  name    = "payments-x"
  team    = "payments"
  tier    = "prod"
  cluster = "demo"
  owner   = { contact = "payments@example.com", cost_center = "CC12" }
  network = { default_deny = "ingress" }
}
