# attribute: tier
# says: dev, prod, staging
# reason: the sentence lists what there is

resource "goldenpath_team_environment" "tier_that_is_none" {
  name    = "payments-x"
  team    = "payments"
  tier    = "production"
  cluster = "demo"
}
