# A policy over `goldenpath explain --json PLAN`, for OPA 1.0 or conftest:
#
#   goldenpath explain --json saved.plan > review.json
#   opa eval --fail-defined --input review.json --data deny.rego 'data.goldenpath.explain.deny[_]'
#   conftest test --policy deny.rego --namespace goldenpath.explain review.json
package goldenpath.explain

powerful := {"admin", "deployer"}

deny contains sprintf("format %v is not known to this policy", [input.format]) if {
	input.format != 1
}

deny contains sprintf("namespace %s is lost by %s of %s", [lost.namespace, lost.by, lost.address]) if {
	some lost in input.lost
}

deny contains sprintf("%s (%s) gains %s in %s", [access.who, access.kind, access.what, access.environment]) if {
	some access in input.access
	access.direction == "gains"
	access.what in powerful
}

deny contains sprintf("%s does not say what will be", [unknown.address]) if {
	some unknown in input.unknown
	unknown.action != "create"
}
