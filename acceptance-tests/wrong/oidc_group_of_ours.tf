# attribute: access.viewer.oidc_groups
# says: gp:
# reason: gp: groups stand for principals

resource "goldenpath_team_environment" "oidc_group_of_ours" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  access  = { viewer = { oidc_groups = ["gp:p:0123456789abcdef"] } }
}
