//! What is left of an instance's quotas: live use, which only a data source shows.

use crate::{
    domain::{BASE_QUOTA, ObjectKey, Observed, Problem, Quantity, Record, pointer},
    kinds::kubernetes::resource_quota::HARD,
    ports::{Scope, Selector},
    provision::engine::{connection::Engine, record, target::Moment},
};
use std::collections::BTreeMap;

impl Engine {
    /// Namespace -> resource -> what is left.
    pub async fn gather_quota_left(
        &self,
        recorded: &Record,
    ) -> Result<BTreeMap<String, BTreeMap<String, Quantity>>, Problem> {
        let keys = record::keys(Some(recorded)).filter(|key| namespace_of(key).is_some()).collect();
        let target = self.target(&recorded.facts.cluster_arn, Moment::Plan);
        let quotas = target.observe(&Selector { scope: Scope::Keys, keys }).await?;
        Ok(quotas.iter().filter_map(|quota| Some((namespace_of(&quota.key)?.to_owned(), remainder(quota)))).collect())
    }
}

fn namespace_of(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Kube { kind, namespace, name, .. } if kind == "ResourceQuota" && name == BASE_QUOTA => {
            namespace.as_deref()
        }
        _ => None,
    }
}

/// Until the cluster has counted, all of it. What was lowered below its use has nothing left.
fn remainder(quota: &Observed) -> BTreeMap<String, Quantity> {
    let left = |(path, text): (&str, &str)| {
        let name = pointer::unescape(path.strip_prefix(HARD)?);
        let hard: Quantity = text.parse().ok()?;
        let used = quota.used.get(&name).and_then(|used| used.parse().ok()).unwrap_or_else(|| Quantity::whole(0));
        let left = hard.checked_sub(&used).unwrap_or_else(|| Quantity::whole(0));
        Some((name, left))
    };
    quota.fields.iter().filter_map(|field| left((field.path, field.text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FieldsBuilder, Holder, Ownership};

    #[test]
    fn what_is_left_is_what_nobody_uses() {
        let mut fields = FieldsBuilder::default();
        for (name, hard) in [("pods", "40"), ("requests.cpu", "4"), ("count~1jobs.batch", "5"), ("services", "2")] {
            fields.push(format!("{HARD}{name}"), hard, Holder::Us);
        }
        let key = ObjectKey::kube("v1", "ResourceQuota", Some("pay"), BASE_QUOTA);
        let mut quota = Observed::new(key, "1", Ownership::Cluster, fields.build());
        for (name, used) in [("pods", "3"), ("requests.cpu", "1500m"), ("count/jobs.batch", "5"), ("services", "3")] {
            quota.used.insert(name.to_owned(), used.to_owned());
        }
        let shown = |name: &str| remainder(&quota)[name].to_string();
        for (name, expected, reason) in [
            ("pods", "37", "some are in use"),
            ("requests.cpu", "2500m", "fractions"),
            ("count/jobs.batch", "0", "all is in use, and the name has a slash"),
            ("services", "0", "more is in use than there may be"),
        ] {
            assert_eq!(shown(name), expected, "{reason}");
        }
        quota.used.clear();
        assert_eq!(remainder(&quota)["pods"].to_string(), "40", "nothing was counted yet");
    }
}
