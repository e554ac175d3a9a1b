resource "goldenpath_cluster_baseline" "demo" {
  cluster = "demo"
}
