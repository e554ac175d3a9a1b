resource "goldenpath_cluster_baseline" "demo" {
  cluster = "demo"
}

resource "goldenpath_team_environment" "payments" {
  name    = "payments-prod"
  team    = "payments"
  tier    = "prod"
  cluster = goldenpath_cluster_baseline.demo.id

  owner = {
    contact     = "payments@example.com"
    cost_center = "CC12"
    slack       = "#payments"
  }

  # The namespaces payments-prod-api and payments-prod-jobs.
  namespaces = {
    api  = {}
    jobs = { quota = { "requests.cpu" = "4" } }
  }
  quota = {
    total = { "requests.cpu" = "32", "requests.memory" = "64Gi" }
  }

  network = {
    egress_presets = ["aws_services"]
  }

  access = {
    developer = { permission_sets = ["PaymentsDev"] }
    admin     = { principal_arns = ["arn:aws:iam::111122223333:role/pay-admin"] }
    deployer = {
      create_role            = true
      trusted_principal_arns = ["arn:aws:iam::111122223333:role/ci"]
      service_accounts       = ["argocd/argocd-application-controller"]
    }
  }

  # Someone on call may raise a quota by hand without the next pipeline reverting it.
  drift = { ignore = ["ResourceQuota *"] }

  # The tier defaults to `true`. Apply `false` by itself before you destroy the environment.
  deletion_protection = false
}
