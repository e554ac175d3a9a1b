# attribute: quota.total["requests.cpu"]
# says: is above the maximum of tier dev, 16
# reason: the most that a team may ask for in a tier is four times the default

resource "goldenpath_team_environment" "quota_above_maximum" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  quota   = { total = { "requests.cpu" = "1000" } }
}
