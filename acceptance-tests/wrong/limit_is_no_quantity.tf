# attribute: limits.container.default_memory
# says: is not a quantity
# reason: MB is no suffix

resource "goldenpath_team_environment" "limit_is_no_quantity" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  limits  = { container = { default_memory = "512MB" } }
}
