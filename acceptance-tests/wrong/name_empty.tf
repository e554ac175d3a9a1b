# attribute: name
# says: is not a DNS label
# reason: an empty name names nothing

resource "goldenpath_team_environment" "name_empty" {
  name    = ""
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
}
