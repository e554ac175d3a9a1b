# attribute: share.cpu
# says: is not a quantity
# reason: a number with a unit in words

resource "goldenpath_eks_workload_slot" "share_is_no_quantity" {
  name        = "ledger"
  environment = "demo/nowhere"
  share       = { cpu = "four", memory = "8Gi" }
}
