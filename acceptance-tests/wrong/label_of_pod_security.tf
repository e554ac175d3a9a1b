# attribute: namespaces["default"].labels
# says: pod-security.kubernetes.io/
# reason: a label would undo the level

resource "goldenpath_team_environment" "label_of_pod_security" {
  name       = "payments-x"
  team       = "payments"
  tier       = "dev"
  cluster    = "demo"
  namespaces = { default = { labels = { "pod-security.kubernetes.io/enforce" = "privileged" } } }
}
