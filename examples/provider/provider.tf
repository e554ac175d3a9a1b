terraform {
  required_providers {
    goldenpath = {
      source = "goldenpath.internal/platform/goldenpath"
    }
  }
}

# An embedded rehearsal in one file; nothing real is touched.
provider "goldenpath" {
  sandbox = {}
}

# Plans without credentials, for `terraform test` and for the pipelines of modules. It can't apply.
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
