# attribute: cluster
# says: not found
# reason: a typing mistake must show in the plan

resource "goldenpath_team_environment" "cluster_that_is_not_there" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "dmeo"
}
