# attribute: drift.mode
# says: report
# reason: the sentence lists the modes

resource "goldenpath_team_environment" "drift_mode_is_no_word" {
  name    = "payments-x"
  team    = "payments"
  tier    = "dev"
  cluster = "demo"
  drift   = { mode = "ignore" }
}
