# attribute: timeouts.create
# says: 10m
# reason: the sentence shows a duration

resource "goldenpath_team_environment" "timeout_in_words" {
  name     = "payments-x"
  team     = "payments"
  tier     = "dev"
  cluster  = "demo"
  timeouts = { create = "ten minutes" }
}
