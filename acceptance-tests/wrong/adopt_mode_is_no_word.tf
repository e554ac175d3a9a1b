# attribute: adopt.mode
# says: if_marked
# reason: the sentence lists the modes

resource "goldenpath_team_environment" "adopt_mode_is_no_word" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  adopt   = { mode = "always" }
}
