# attribute: access.admin.principal_arns
# says: pay-admin
# reason: a bare name could be anyone's

resource "goldenpath_team_environment" "principal_is_no_arn" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  access  = { admin = { principal_arns = ["pay-admin"] } }
}
