# A real EKS cluster: its baseline, one environment of a team, one slot. README.md lists what must exist first.

terraform {
  required_providers {
    goldenpath = {
      source = "goldenpath.internal/platform/goldenpath"
    }
  }
}

# Credentials come from the default AWS credential chain; endpoint, CA and token of the cluster come from EKS.
provider "goldenpath" {
  aws = { region = var.region }
}

variable "region" {
  description = "Region of the cluster."
  type        = string
}

variable "cluster" {
  description = "Name or ARN of the cluster."
  type        = string
}

variable "environment" {
  description = "Name of the environment."
  type        = string
  default     = "payments-dev"
}

variable "cpu" {
  description = "Total CPU requests of the environment."
  type        = string
  default     = "4"
}

variable "developers" {
  description = "ARNs of the roles of the developers."
  type        = set(string)
  default     = []
}

variable "ci" {
  description = "ARNs of the principals that may assume the deployer's role, which is created for them."
  type        = set(string)
  default     = []
}

# Once per cluster, managed by its administrators.
resource "goldenpath_cluster_baseline" "this" {
  cluster = var.cluster
}

resource "goldenpath_team_environment" "payments" {
  name    = var.environment
  team    = "payments"
  tier    = "dev"
  cluster = goldenpath_cluster_baseline.this.id
  quota   = { total = { "requests.cpu" = var.cpu } }
  access = {
    developer = { principal_arns = var.developers }
    deployer  = { create_role = length(var.ci) > 0, trusted_principal_arns = var.ci }
  }
}

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
