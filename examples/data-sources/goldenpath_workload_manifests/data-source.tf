data "goldenpath_workload_manifests" "ledger" {
  slot = "demo/payments-prod/ledger"
}

output "deployment" {
  value = data.goldenpath_workload_manifests.ledger.files["deployment.yaml"]
}
