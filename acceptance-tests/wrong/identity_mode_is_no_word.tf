# attribute: identity.mode
# says: pod_identity
# reason: the sentence lists the modes

resource "goldenpath_eks_workload_slot" "identity_mode_is_no_word" {
  name        = "ledger"
  environment = "demo/nowhere"
  identity    = { mode = "keys" }
}
