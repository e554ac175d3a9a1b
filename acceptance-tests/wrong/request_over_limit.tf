# attribute: limits.container.default_request_memory
# says: default_memory
# reason: Kubernetes refuses a request above its limit

resource "goldenpath_team_environment" "request_over_limit" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  limits  = { container = { default_memory = "128Mi", default_request_memory = "1Gi" } }
}
