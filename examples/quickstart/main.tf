# A first run on the embedded sandbox: a cluster's baseline, one environment, one slot.
#
#   terraform init && terraform plan      the plan lists every AWS and Kubernetes object under `objects`
#   terraform apply -var cpu=6            only that line of the quota changes

terraform {
  required_providers {
    goldenpath = {
      source = "goldenpath.internal/platform/goldenpath"
    }
  }
}

# The sandbox is the file .goldenpath/sandbox.db, unless GOLDENPATH_SANDBOX is set.
provider "goldenpath" {
  sandbox = {}
}

variable "cpu" {
  description = "Total CPU requests of the environment."
  type        = string
  default     = "4"
}

# Once per cluster, managed by its administrators.
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

# The place for one workload, with its own AWS identity.
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
