# attribute: ingress.ports
# says: 65535
# reason: TCP has 16 bits

resource "goldenpath_eks_workload_slot" "port_out_of_range" {
  name        = "ledger"
  environment = "demo/nowhere"
  ingress     = { from_slots = ["payments-x/gateway"], ports = [70000] }
}
