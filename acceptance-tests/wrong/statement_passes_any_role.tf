# attribute: identity.statements
# says: iam:PassRole
# reason: PassRole needs to say which role

resource "goldenpath_eks_workload_slot" "statement_passes_any_role" {
  name        = "ledger"
  environment = "demo/nowhere"
  identity    = { statements = [{ actions = ["iam:PassRole"], resources = ["*"] }] }
}
