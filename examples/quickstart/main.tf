# A first run, on the embedded sandbox: a cluster's baseline, one environment, one slot.
#
#   terraform init && terraform plan      every AWS and Kubernetes object stands in the plan, under `objects`
#   terraform apply -var cpu=6            only the quota's line changes

terraform {
  required_providers {
    goldenpath = {
      source = "goldenpath.internal/platform/goldenpath"
    }
  }
}

# The sandbox's file is .goldenpath/sandbox.db, or what GOLDENPATH_SANDBOX names.
provider "goldenpath" {
  sandbox = {}
}

variable "cpu" {
  description = "CPU requests that the environment may use in sum."
  type        = string
  default     = "4"
}

# Once per cluster, by its administrators.
resource "goldenpath_cluster_baseline" "demo" {
  cluster = "demo"
}

# The ten lines of a product team.
resource "goldenpath_team_environment" "payments" {
  name    = "payments-dev"
  team    = "payments"
  tier    = "dev"
  cluster = goldenpath_cluster_baseline.demo.id
  quota   = { total = { "requests.cpu" = var.cpu } }
  access = {
    developer = { permission_sets = ["PaymentsDev"] }
    viewer    = { permission_sets = ["PaymentsView"] }
  }
}

# And a place for one workload, with an AWS identity of its own.
resource "goldenpath_eks_workload_slot" "ledger" {
  name        = "ledger"
  environment = goldenpath_team_environment.payments.id
  share       = { cpu = "1", memory = "2Gi", max_replicas = 2 }
  identity = {
    statements = [{ actions = ["s3:GetObject"], resources = ["arn:aws:s3:::payments-ledger/*"] }]
  }
}

output "namespaces" {
  value = goldenpath_team_environment.payments.namespace_names
}

output "role" {
  value = goldenpath_eks_workload_slot.ledger.role_arn
}
