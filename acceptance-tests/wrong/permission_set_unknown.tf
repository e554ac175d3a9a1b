# attribute: access.developer.permission_sets
# says: PaymentsDevs
# found by: plan
# reason: each set must match exactly one role

resource "goldenpath_team_environment" "permission_set_unknown" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  access  = { developer = { permission_sets = ["PaymentsDevs"] } }
}
