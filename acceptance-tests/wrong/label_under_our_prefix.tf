# attribute: namespaces["default"].labels
# says: goldenpath.internal/
# reason: such labels decide who may do what

resource "goldenpath_team_environment" "label_under_our_prefix" {
  name       = "payments-x"
  team       = "payments"
  tier       = "dev"
  cluster    = "demo"
  namespaces = { default = { labels = { "goldenpath.internal/team" = "other" } } }
}
