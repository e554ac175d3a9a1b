# attribute: identity.target_role_arn
# says: arn
# reason: a bare name could be anyone's

resource "goldenpath_eks_workload_slot" "target_role_is_no_arn" {
  name        = "ledger"
  environment = "demo/nowhere"
  identity    = { target_role_arn = "led" }
}
