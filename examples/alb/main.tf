# A service behind an Application Load Balancer, which the AWS Load Balancer Controller creates for ingress.yaml.
#
#   terraform apply -var 'load_balancer_subnets=["10.0.0.0/20","10.0.16.0/20"]'
#   kubectl apply --namespace shop-staging -f ingress.yaml

terraform {
  required_providers {
    goldenpath = {
      source = "goldenpath.internal/platform/goldenpath"
    }
  }
}

provider "goldenpath" {
  aws = { region = "eu-west-1" }
}

variable "load_balancer_subnets" {
  description = "CIDRs of the subnets that load balancers of the cluster are in."
  type        = list(string)
}

# With `target-type: ip` connections come from the load balancer's own addresses, which are those of its subnets.
resource "goldenpath_team_environment" "shop" {
  name    = "shop-staging"
  team    = "shop"
  tier    = "staging"
  cluster = "demo"
  network = {
    ingress_cidrs = var.load_balancer_subnets
    ingress_ports = [8080]
  }
}

resource "goldenpath_eks_workload_slot" "web" {
  name        = "web"
  environment = goldenpath_team_environment.shop.id
  identity    = { mode = "none" }
}
