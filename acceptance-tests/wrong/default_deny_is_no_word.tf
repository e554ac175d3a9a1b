# attribute: network.default_deny
# says: both
# reason: the sentence lists the choices

resource "goldenpath_team_environment" "default_deny_is_no_word" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  network = { default_deny = "all" }
}
