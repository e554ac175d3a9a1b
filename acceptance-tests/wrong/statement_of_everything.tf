# attribute: identity.statements
# says: *:*
# reason: that is an administrator

resource "goldenpath_eks_workload_slot" "statement_of_everything" {
  name        = "ledger"
  environment = "demo/nowhere"
  identity    = { statements = [{ actions = ["*:*"], resources = ["arn:aws:s3:::payments-led/*"] }] }
}
