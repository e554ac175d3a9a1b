# attribute: network.egress_presets
# says: aws_services
# reason: the sentence lists the presets

resource "goldenpath_team_environment" "egress_preset_unknown" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  network = { egress_presets = ["internet"] }
}
