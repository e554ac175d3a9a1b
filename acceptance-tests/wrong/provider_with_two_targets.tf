# attribute: sandbox
# says: can't be set together with offline
# reason: objects can't live in two targets

provider "goldenpath" {
  sandbox = { path = "sandbox.db" }
  offline = { facts = { version = "1.36", stable = { cluster_arn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo", pod_security_version = "1.36" } } }
}
