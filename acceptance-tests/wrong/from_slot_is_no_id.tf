# attribute: ingress.from_slots
# says: <environment>/<slot>
# reason: the sentence shows the form

resource "goldenpath_eks_workload_slot" "from_slot_is_no_id" {
  name        = "ledger"
  environment = "demo/nowhere"
  ingress     = { from_slots = ["gateway"] }
}
