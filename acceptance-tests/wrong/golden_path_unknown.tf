# attribute: golden_path
# says: team-standard
# reason: the sentence names the paths that exist

resource "goldenpath_team_environment" "golden_path_unknown" {
  name        = "payments-x"
  team        = "payments"
  tier        = "dev"
  cluster     = "demo"
  golden_path = "team-special"
}
