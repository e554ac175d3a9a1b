# attribute: network.allow_from
# says: env:
# reason: the form says what is meant

resource "goldenpath_team_environment" "allow_from_without_env" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  network = { allow_from = ["edge-prod"] }
}
