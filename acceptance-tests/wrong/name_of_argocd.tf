# attribute: name
# says: reserved
# reason: a tool's namespace is never a team's

resource "goldenpath_team_environment" "name_of_argocd" {
  name    = "argocd"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
}
