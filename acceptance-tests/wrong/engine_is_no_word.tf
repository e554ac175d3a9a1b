# attribute: network.engine
# says: vpc_cni
# reason: the sentence lists the engines

resource "goldenpath_team_environment" "engine_is_no_word" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  network = { engine = "weave" }
}
