# attribute: quota.total["requests.cpu"]
# says: 16
# reason: a tier bounds what a team may ask for: four times the default

resource "goldenpath_team_environment" "quota_out_of_bounds" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  quota   = { total = { "requests.cpu" = "1000" } }
}
