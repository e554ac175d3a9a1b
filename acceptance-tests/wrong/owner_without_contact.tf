# attribute: owner.contact
# says: at least 1
# reason: an empty contact reaches nobody

resource "goldenpath_team_environment" "owner_without_contact" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  owner   = { contact = "", cost_center = "CC12" }
}
