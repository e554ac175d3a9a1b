# attribute: team
# says: is not a DNS label
# reason: a team becomes a label's value

resource "goldenpath_team_environment" "team_with_a_space" {
  name    = "payments-x"
  team    = "pay ments"
  tier    = "dev"
  cluster = "demo"
}
