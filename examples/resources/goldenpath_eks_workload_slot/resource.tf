resource "goldenpath_cluster_baseline" "demo" {
  cluster = "demo"
}

resource "goldenpath_team_environment" "payments" {
  name    = "payments-staging"
  team    = "payments"
  tier    = "staging"
  cluster = goldenpath_cluster_baseline.demo.id
  network = { egress_presets = ["internet_https"], same_environment = false }
  quota   = { slots_percent = 50 }
}

resource "goldenpath_eks_workload_slot" "gateway" {
  name        = "gateway"
  environment = goldenpath_team_environment.payments.id
  identity    = { mode = "none" }
  egress      = { to_slots = ["payments-staging/ledger"] }
}

resource "goldenpath_eks_workload_slot" "ledger" {
  name        = "ledger"
  environment = goldenpath_team_environment.payments.id
  isolation   = "namespace"

  identity = {
    statements = [{
      actions   = ["s3:GetObject", "s3:PutObject"]
      resources = ["arn:aws:s3:::payments-ledger/*"]
    }]
  }

  share        = { cpu = "2", memory = "4Gi", max_replicas = 4 }
  availability = { min_replicas = 2, max_unavailable = "50%", target_cpu_percent = 70 }
  ingress      = { from_slots = ["payments-staging/gateway"], ports = [8080] }
}
