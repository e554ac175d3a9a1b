//! Configurations that several stories begin with.

/// A baseline and one environment with a slot, in the smallest tier.
pub(super) const QUICK: &str = r#"
resource "goldenpath_cluster_baseline" "demo" {
  cluster = "demo"
}

resource "goldenpath_team_environment" "payments" {
  name    = "payments-dev"
  team    = "payments"
  tier    = "dev"
  cluster = goldenpath_cluster_baseline.demo.id
  quota   = { total = { "requests.cpu" = "4", pods = "40" } }
  access = {
    developer = { permission_sets = ["PaymentsDev"] }
    viewer    = { oidc_groups = ["payments-all"] }
  }
}

resource "goldenpath_eks_workload_slot" "ledger" {
  name        = "ledger"
  environment = goldenpath_team_environment.payments.id
  identity    = { statements = [{ actions = ["s3:GetObject"], resources = ["arn:aws:s3:::payments-led/*"] }] }
  share       = { cpu = "2", memory = "2Gi" }
}
"#;

/// A baseline and one environment; `more` is put into the environment.
pub(super) fn environment(more: &str) -> String {
    format!(
        r#"
resource "goldenpath_cluster_baseline" "demo" {{
  cluster = "demo"
}}

resource "goldenpath_team_environment" "payments" {{
  name    = "payments"
  team    = "payments"
  tier    = "dev"
  cluster = goldenpath_cluster_baseline.demo.id
  {more}
}}
"#
    )
}

pub(super) const QUOTA: &str = "k8s/v1/ResourceQuota/payments/gp-base";
/// As a plan shows it.
pub(super) const SHOWN_QUOTA: &str = "ResourceQuota payments/gp-base";
pub(super) const NAMESPACE: &str = "k8s/v1/Namespace/payments";
pub(super) const ENVIRONMENT: &str = "goldenpath_team_environment.payments";
