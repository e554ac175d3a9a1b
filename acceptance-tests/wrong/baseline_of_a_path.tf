# attribute: cluster
# says: neither the name nor the ARN
# reason: a path is no cluster

resource "goldenpath_cluster_baseline" "baseline_of_a_path" {
  cluster = "clusters/demo"
}
