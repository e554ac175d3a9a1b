# attribute: name
# says: reserved
# reason: kube-* belongs to the cluster

resource "goldenpath_team_environment" "name_of_the_system" {
  name    = "kube-payments"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
}
