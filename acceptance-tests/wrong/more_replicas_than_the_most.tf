# attribute: availability.min_replicas
# says: max_replicas
# reason: the fewest are more than the most

resource "goldenpath_eks_workload_slot" "more_replicas_than_the_most" {
  name         = "ledger"
  environment  = "demo/nowhere"
  share        = { cpu = "4", memory = "8Gi", max_replicas = 2 }
  availability = { min_replicas = 3 }
}
