data "goldenpath_cluster" "demo" {
  name = "demo"
}

# An ARN says account and region as well, and is equal to the cluster's name.
resource "goldenpath_team_environment" "search" {
  name    = "search-dev"
  team    = "search"
  tier    = "dev"
  cluster = data.goldenpath_cluster.demo.arn
}
