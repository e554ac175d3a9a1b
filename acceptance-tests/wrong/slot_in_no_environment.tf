# attribute: environment
# says: <cluster>/<environment>
# reason: the sentence shows the form of an id

resource "goldenpath_eks_workload_slot" "slot_in_no_environment" {
  name        = "ledger"
  environment = "a/b/c/d"
}
