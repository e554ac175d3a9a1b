# attribute: cluster
# says: is not the ARN of an EKS cluster
# reason: a node group's ARN is easily copied

resource "goldenpath_team_environment" "cluster_arn_of_something_else" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "arn:aws:eks:eu-west-1:111122223333:nodegroup/demo/a/b"
}
