# attribute: quota.by_priority
# says: services.loadbalancers
# reason: a scoped quota counts pods' resources only

resource "goldenpath_team_environment" "priority_quota_of_services" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  quota   = { by_priority = { "gp-critical" = { "services.loadbalancers" = "1" } } }
}
