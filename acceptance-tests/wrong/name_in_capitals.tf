# attribute: name
# says: is not a DNS label
# reason: Kubernetes names are RFC 1123 labels

resource "goldenpath_team_environment" "name_in_capitals" {
  name    = "Payments"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
}
