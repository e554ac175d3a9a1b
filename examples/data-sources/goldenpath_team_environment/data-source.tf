data "goldenpath_team_environment" "payments" {
  id = "demo/payments-dev"
}

output "namespace" {
  value = data.goldenpath_team_environment.payments.namespace_names["default"]
}

check "room_for_a_release" {
  assert {
    condition     = tonumber(data.goldenpath_team_environment.payments.quota_left["default"]["pods"]) >= 3
    error_message = "There is room for fewer than three more pods in payments-dev."
  }
}
