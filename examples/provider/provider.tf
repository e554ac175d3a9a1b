terraform {
  required_providers {
    goldenpath = {
      source = "goldenpath.internal/platform/goldenpath"
    }
  }
}

# A rehearsal in one file: nothing real is touched.
provider "goldenpath" {
  sandbox = {}
}

# The whole plan without any target, for `terraform test` and for a module's pipeline. It refuses to apply.
provider "goldenpath" {
  alias = "offline"
  offline = {
    facts = {
      version = "1.36"
      stable = {
        cluster_arn          = "arn:aws:eks:eu-west-1:111122223333:cluster/demo"
        pod_security_version = "1.36"
      }
    }
  }
}
