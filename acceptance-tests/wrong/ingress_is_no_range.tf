# attribute: network.ingress_cidrs
# says: 10.0.0.0/33
# reason: 33 bits are too many

resource "goldenpath_team_environment" "ingress_is_no_range" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  network = { ingress_cidrs = ["10.0.0.0/33"] }
}
