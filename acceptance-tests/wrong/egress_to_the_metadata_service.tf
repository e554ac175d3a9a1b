# attribute: network.egress_cidrs
# says: 169.254.169.254
# reason: node credentials live there

resource "goldenpath_team_environment" "egress_to_the_metadata_service" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  network = { egress_cidrs = ["169.254.169.254/32"] }
}
