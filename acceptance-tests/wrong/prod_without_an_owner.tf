# attribute: owner
# says: Tier prod needs an owner
# reason: in prod someone is responsible for it

resource "goldenpath_team_environment" "prod_without_an_owner" {
  name    = "payments-x"
  team    = "payments"
  tier    = "prod"
  cluster = "demo"
}
