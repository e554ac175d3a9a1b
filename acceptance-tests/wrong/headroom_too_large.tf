# attribute: quota.headroom_percent
# says: 500 is not between 0 and 99
# reason: nothing would be left

resource "goldenpath_team_environment" "headroom_too_large" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  quota   = { headroom_percent = 500 }
}
