# attribute: access.deployer.trusted_principal_arns
# says: trusted_principal_arns
# reason: a role that nobody may assume is a mistake

resource "goldenpath_team_environment" "role_without_trust" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  access  = { deployer = { create_role = true } }
}
