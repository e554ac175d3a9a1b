# attribute: adopt.take_fields
# says: JSON pointer
# reason: a pointer begins with a slash

resource "goldenpath_team_environment" "take_fields_is_no_pointer" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  adopt   = { mode = "if_marked", take_fields = ["spec.hard"] }
}
