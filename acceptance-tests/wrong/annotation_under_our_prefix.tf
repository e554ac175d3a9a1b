# attribute: namespaces["default"].annotations
# says: goldenpath.internal/
# reason: admission reads limits from such annotations

resource "goldenpath_team_environment" "annotation_under_our_prefix" {
  name       = "payments-x"
  team       = "payments"
  tier       = "dev"
  cluster    = "demo"
  namespaces = { default = { annotations = { "goldenpath.internal/owner" = "me" } } }
}
