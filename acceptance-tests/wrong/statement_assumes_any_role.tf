# attribute: identity.statements
# says: sts:AssumeRole
# reason: on * it is every role that trusts the account

resource "goldenpath_eks_workload_slot" "statement_assumes_any_role" {
  name        = "ledger"
  environment = "demo/nowhere"
  identity    = { statements = [{ actions = ["sts:AssumeRole"], resources = ["*"] }] }
}
