data "goldenpath_cluster" "demo" {
  name = "demo"
}

# Terraform keeps these facts the same between plan and apply.
resource "goldenpath_team_environment" "search" {
  name    = "search-dev"
  team    = "search"
  tier    = "dev"
  cluster = data.goldenpath_cluster.demo.arn
  facts   = data.goldenpath_cluster.demo.facts
}
