# attribute: cluster
# says: neither the name nor the ARN
# reason: EKS CreateCluster's own rule

resource "goldenpath_team_environment" "cluster_with_a_space" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "de mo"
}
