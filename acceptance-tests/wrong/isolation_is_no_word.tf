# attribute: isolation
# says: namespace
# reason: the sentence lists the choices

resource "goldenpath_eks_workload_slot" "isolation_is_no_word" {
  name        = "ledger"
  environment = "demo/nowhere"
  isolation   = "node"
}
