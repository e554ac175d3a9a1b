# attribute: availability.target_cpu_percent
# says: 0 is not between 1 and 100
# reason: an autoscaler can't aim at zero

resource "goldenpath_eks_workload_slot" "target_of_no_cpu" {
  name         = "ledger"
  environment  = "demo/nowhere"
  availability = { target_cpu_percent = 0 }
}
