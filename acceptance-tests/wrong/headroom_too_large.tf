# attribute: quota.headroom_percent
# says: 400
# reason: more than four times the need is a mistake

resource "goldenpath_team_environment" "headroom_too_large" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  quota   = { headroom_percent = 500 }
}
