data "goldenpath_team_environment" "payments" {
  id = "demo/payments-prod"
}

output "namespace" {
  value = data.goldenpath_team_environment.payments.namespace_names["default"]
}

check "room_for_a_release" {
  assert {
    condition     = tonumber(data.goldenpath_team_environment.payments.quota_left["default"]["pods"]) >= 3
    error_message = "payments-prod has fewer than three pods left."
  }
}
