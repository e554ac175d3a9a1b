# attribute: share.max_replicas
# says: 0 is not between 1 and 1000
# reason: zero replicas need no slot

resource "goldenpath_eks_workload_slot" "share_of_no_replicas" {
  name        = "ledger"
  environment = "demo/nowhere"
  share       = { cpu = "4", memory = "8Gi", max_replicas = 0 }
}
