# attribute: name
# says: is not a DNS label
# reason: Kubernetes names are RFC 1123 labels

resource "goldenpath_eks_workload_slot" "slot_name_in_capitals" {
  name        = "Ledger"
  environment = "demo/nowhere"
}
