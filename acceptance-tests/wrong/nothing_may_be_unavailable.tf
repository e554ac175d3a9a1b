# attribute: availability.max_unavailable
# says: disruption
# reason: a node could never be drained

resource "goldenpath_eks_workload_slot" "nothing_may_be_unavailable" {
  name         = "ledger"
  environment  = "demo/nowhere"
  availability = { min_replicas = 3, max_unavailable = "0" }
}
