# attribute: network.egress_fqdns
# says: cilium
# reason: NetworkPolicies know no names

resource "goldenpath_team_environment" "fqdns_without_an_engine" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  network = { egress_fqdns = ["api.example.com"], engine = "vpc_cni" }
}
