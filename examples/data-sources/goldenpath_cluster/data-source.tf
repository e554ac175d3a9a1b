data "goldenpath_cluster" "demo" {
  name = "demo"
}

# An ARN also contains account and region, and counts as equal to the cluster's name.
resource "goldenpath_team_environment" "search" {
  name    = "search-dev"
  team    = "search"
  tier    = "dev"
  cluster = data.goldenpath_cluster.demo.arn
}
