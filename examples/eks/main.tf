# An EKS cluster as it is: its baseline, one environment of a team, one slot. README.md says what must be there first.

terraform {
  required_providers {
    goldenpath = {
      source = "goldenpath.internal/platform/goldenpath"
    }
  }
}

# Credentials come from AWS's own chain. Endpoint, CA and token of the cluster come from EKS.
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
  description = "CPU requests that the environment may use in sum."
  type        = string
  default     = "4"
}

variable "developers" {
  description = "ARNs of the roles whose holders develop here."
  type        = set(string)
  default     = []
}

variable "ci" {
  description = "ARNs of who may assume the deployer's role, which is made for them."
  type        = set(string)
  default     = []
}

# Once per cluster, by its administrators.
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
