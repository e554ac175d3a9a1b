# attribute: identity.statements
# says: actions
# reason: a statement that allows nothing is a mistake

resource "goldenpath_eks_workload_slot" "statement_without_actions" {
  name        = "ledger"
  environment = "demo/nowhere"
  identity    = { statements = [{ resources = ["arn:aws:s3:::payments-led/*"] }] }
}
