# attribute: quota.total["requests.cpu"]
# says: negative
# reason: Kubernetes refuses negative limits of a quota

resource "goldenpath_team_environment" "quota_is_negative" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  quota   = { total = { "requests.cpu" = "-4" } }
}
