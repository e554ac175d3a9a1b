# attribute: access.viewer.oidc_groups
# says: system:
# reason: system:masters is all power

resource "goldenpath_team_environment" "oidc_group_of_the_system" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  access  = { viewer = { oidc_groups = ["system:masters"] } }
}
