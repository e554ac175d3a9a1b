# attribute: access.admin.principal_arns
# says: session
# reason: an access entry takes no STS session

resource "goldenpath_team_environment" "principal_is_a_session" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  access  = { admin = { principal_arns = ["arn:aws:sts::111122223333:assumed-role/pay-admin/me"] } }
}
