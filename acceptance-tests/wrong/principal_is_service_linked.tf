# attribute: access.admin.principal_arns
# says: service-linked
# reason: EKS refuses service-linked roles

resource "goldenpath_team_environment" "principal_is_service_linked" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  access  = { admin = { principal_arns = ["arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"] } }
}
