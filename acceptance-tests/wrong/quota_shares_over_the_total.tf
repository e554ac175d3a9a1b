# attribute: namespaces
# says: total
# reason: namespaces can't share more than there is

resource "goldenpath_team_environment" "quota_shares_over_the_total" {
  name       = "payments-x"
  team       = "payments"
  tier       = "dev"
  cluster    = "demo"
  quota      = { total = { "requests.cpu" = "4" } }
  namespaces = { a = { quota = { "requests.cpu" = "3" } }, b = { quota = { "requests.cpu" = "2" } } }
}
