data "goldenpath_golden_path" "standard" {
  name                = "team-standard"
  golden_path_version = "~> 1.0"
}

# The version for new environments, and a timely warning before it is removed.
output "golden_path_version" {
  value = data.goldenpath_golden_path.standard.version
}

check "golden_path_lives" {
  assert {
    condition     = data.goldenpath_golden_path.standard.status == "supported"
    error_message = "Move to ${coalesce(data.goldenpath_golden_path.standard.successor, "another version")}."
  }
}
