# attribute: identity.statements
# says: iam:*
# reason: a workload that writes IAM owns the account

resource "goldenpath_eks_workload_slot" "statement_of_iam" {
  name        = "ledger"
  environment = "demo/nowhere"
  identity    = { statements = [{ actions = ["iam:*"], resources = ["*"] }] }
}
