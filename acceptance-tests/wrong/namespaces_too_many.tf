# attribute: namespaces
# says: must have 1 to 20 elements, not 21
# reason: the limit of one environment

resource "goldenpath_team_environment" "namespaces_too_many" {
  name       = "payments-x"
  team       = "payments"
  tier       = "dev"
  cluster    = "demo"
  namespaces = { n0 = {}, n1 = {}, n2 = {}, n3 = {}, n4 = {}, n5 = {}, n6 = {}, n7 = {}, n8 = {}, n9 = {}, n10 = {}, n11 = {}, n12 = {}, n13 = {}, n14 = {}, n15 = {}, n16 = {}, n17 = {}, n18 = {}, n19 = {}, n20 = {} }
}
