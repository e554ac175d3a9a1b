# attribute: access.admin.access_policies
# says: AmazonEKSClusterAdminPolicy
# reason: the golden path doesn't grant it

resource "goldenpath_team_environment" "access_policy_of_administrators" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  access  = { admin = { principal_arns = ["arn:aws:iam::111122223333:role/pay-admin"], access_policies = ["AmazonEKSClusterAdminPolicy"] } }
}
