# attribute: quota.total["requests.cpu"]
# says: is not a quantity
# reason: 4 cores is no Kubernetes quantity

resource "goldenpath_team_environment" "quota_is_no_quantity" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  quota   = { total = { "requests.cpu" = "4 cores" } }
}
