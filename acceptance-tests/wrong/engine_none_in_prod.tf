# attribute: network.engine
# says: none
# reason: prod without enforcement is open

resource "goldenpath_team_environment" "engine_none_in_prod" {
  name    = "payments-x"
  team    = "payments"
  tier    = "prod"
  cluster = "demo"
  owner   = { contact = "payments@example.com", cost_center = "CC12" }
  network = { engine = "none" }
}
