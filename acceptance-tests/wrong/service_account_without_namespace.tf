# attribute: access.deployer.service_accounts
# says: namespace
# reason: a ServiceAccount is known by both

resource "goldenpath_team_environment" "service_account_without_namespace" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  access  = { deployer = { service_accounts = ["argocd-application-controller"] } }
}
