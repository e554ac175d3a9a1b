//! What a tier opens that another one keeps shut, in words.

use super::catalogue::{GrantForm, Tier};
use crate::domain::{DefaultDeny, Isolation};

/// So many of a list are named.
const MOST_NAMED: usize = 4;

/// Empty: nothing opens.
pub fn opens(before: &Tier, after: &Tier) -> Vec<String> {
    let mut opens = vec![];
    if after.class < before.class {
        opens.push(format!("class {} becomes {}", before.class.as_str(), after.class.as_str()));
    }
    if after.pod_security.enforce < before.pod_security.enforce {
        let (before, after) = (before.pod_security.enforce, after.pod_security.enforce);
        opens.push(format!("Pod Security enforces {} instead of {}", after.as_str(), before.as_str()));
    }
    let (denied, denies) = (before.network.default_deny, after.network.default_deny);
    if denies != denied && denies != DefaultDeny::Both && denied != DefaultDeny::None {
        opens.push(format!("the network denies by default: {} instead of {}", denies.as_str(), denied.as_str()));
    }
    opens.extend(more(
        "egress of every environment to",
        GrantForm::Name,
        &before.network.egress_presets,
        &after.network.egress_presets,
    ));
    if before.slot.isolation == Isolation::Namespace && after.slot.isolation == Isolation::Shared {
        opens.push("slots share a namespace unless they ask for one".to_owned());
    }
    if after.slot.shared_role_only && !before.slot.shared_role_only {
        opens.push("slots of one namespace may have roles that any of its pods can take".to_owned());
    }
    if before.deletion_protection && !after.deletion_protection {
        opens.push("nothing is protected from deletion unless it asks for it".to_owned());
    }
    for (persona, role) in &after.roles {
        if let Some(old) = before.roles.get(persona).filter(|old| role > old) {
            opens.push(format!("a {persona} has the permissions of a {role} instead of a {old}"));
        }
    }
    let (old, new) = (&before.grants, &after.grants);
    if old.boundary != new.boundary {
        opens.push(format!("the permissions boundary is {} instead of {}", new.boundary, old.boundary));
    }
    if new.max_session_seconds > old.max_session_seconds {
        opens.push(format!("sessions last {} s instead of {}", new.max_session_seconds, old.max_session_seconds));
    }
    for ((what, form, old), (.., new)) in old.lists().into_iter().zip(new.lists()) {
        match (old, new) {
            (None, _) => {}
            (Some(_), None) => opens.push(format!("{what}: any")),
            (Some(old), Some(new)) => opens.extend(more(what, form, old, new)),
        }
    }
    opens
}

fn more(what: &str, form: GrantForm, old: &[String], new: &[String]) -> Option<String> {
    let more: Vec<&str> = new.iter().map(String::as_str).filter(|one| !form.has(old, one)).collect();
    let rest = more.len().saturating_sub(MOST_NAMED);
    let named = more.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
    let rest = if rest == 0 { String::new() } else { format!(" and {rest} more") };
    (!more.is_empty()).then(|| format!("{what}: {named}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::Catalogue;
    use serde_json::{Value, json};

    #[test]
    fn whatever_a_tier_grants_more_is_named() {
        let path = Catalogue::built_in().newest(None).expect("the built-in one").clone();
        let tier = &path.tiers[&"dev".parse().expect("a name")];
        assert_eq!(opens(tier, tier), Vec::<String>::new(), "the same opens nothing");
        let mut closed = serde_json::to_value(tier.as_ref()).expect("a tier");
        for class in ["ingress_hosts", "ingress_classes", "storage_classes", "priority_classes"] {
            closed["grants"]["admission"][class] = json!([]);
        }
        closed["grants"]["oidc_audiences"] = json!([]);
        let read = |tier: &Value| serde_json::from_value::<Tier>(tier.clone()).expect("a tier");
        let mut seen = 0;
        for part in ["/grants", "/grants/admission"] {
            let lists = closed.pointer(part).and_then(Value::as_object).expect("members").clone();
            for (name, _) in lists.into_iter().filter(|(_, list)| list.is_array()) {
                let (mut open, mut shut) = (closed.clone(), closed.clone());
                open.pointer_mut(part).expect("members")[&name] = json!(["more"]);
                shut.pointer_mut(part).expect("members")[&name] = json!([]);
                let found = opens(&read(&shut), &read(&open));
                assert!(found.len() == 1 && found[0].ends_with(": more"), "{name}: {found:?}");
                seen += 1;
            }
        }
        assert_eq!(seen, tier.grants.lists().len(), "every list");
    }

    #[test]
    fn what_opens_besides_grants_is_named_in_one_direction_only() {
        let path = Catalogue::built_in().newest(None).expect("the built-in one").clone();
        let tier = serde_json::to_value(path.tiers[&"dev".parse().expect("a name")].as_ref()).expect("a tier");
        let with = |pointer: &str, value: Value| {
            let mut tier = tier.clone();
            *tier.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
            serde_json::from_value::<Tier>(tier).expect("a tier")
        };
        for (pointer, tight, loose, expected) in [
            ("/class", json!("prod"), json!("dev"), "class prod becomes dev"),
            (
                "/pod_security/enforce",
                json!("restricted"),
                json!("baseline"),
                "Pod Security enforces baseline instead of restricted",
            ),
            (
                "/network/default_deny",
                json!("both"),
                json!("egress"),
                "the network denies by default: egress instead of both",
            ),
            (
                "/network/default_deny",
                json!("ingress"),
                json!("none"),
                "the network denies by default: none instead of ingress",
            ),
            (
                "/network/default_deny",
                json!("both"),
                json!("none"),
                "the network denies by default: none instead of both",
            ),
            (
                "/network/egress_presets",
                json!(["same_environment"]),
                json!(["same_environment", "internet_https"]),
                "egress of every environment to: internet_https",
            ),
            ("/slot/isolation", json!("namespace"), json!("shared"), "slots share a namespace unless they ask for one"),
            (
                "/slot/shared_role_only",
                json!(false),
                json!(true),
                "slots of one namespace may have roles that any of its pods can take",
            ),
            (
                "/deletion_protection",
                json!(true),
                json!(false),
                "nothing is protected from deletion unless it asks for it",
            ),
            ("/grants/max_session_seconds", json!(3600), json!(7200), "sessions last 7200 s instead of 3600"),
        ] {
            let (tight, loose) = (with(pointer, tight), with(pointer, loose));
            assert_eq!(opens(&tight, &loose), [expected]);
            assert_eq!(opens(&loose, &tight), Vec::<String>::new(), "the other way round closes: {expected}");
            assert_eq!(opens(&loose, &loose), Vec::<String>::new(), "the same opens nothing: {expected}");
        }
        let denies = |direction: &str| with("/network/default_deny", json!(direction));
        let (ingress, egress) = (denies("ingress"), denies("egress"));
        assert_eq!(opens(&ingress, &egress).len(), 1, "one direction opens where the other one closes");
    }

    #[test]
    fn what_was_reached_before_is_nothing_new() {
        let path = Catalogue::built_in().newest(None).expect("the built-in one").clone();
        let tier = |name: &str| &path.tiers[&name.parse().expect("a name")];
        for (before, after) in [("dev", "staging"), ("dev", "prod"), ("staging", "prod")] {
            assert_eq!(opens(tier(before), tier(after)), Vec::<String>::new(), "{before} to {after} closes");
        }
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        for (form, old, new, expected, reason) in [
            (GrantForm::Range, &["0.0.0.0/0"][..], "10.0.0.0/8", None, "inside of a wider range"),
            (GrantForm::Range, &["10.0.0.0/8"], "0.0.0.0/0", Some("x: 0.0.0.0/0"), "around it"),
            (GrantForm::Range, &["10.0.0.0/8"], "fd00::/8", Some("x: fd00::/8"), "of the other family"),
            (GrantForm::Pattern, &["s3:Get*"], "s3:GetObject", None, "one of the actions"),
            (GrantForm::Pattern, &["s3:GetObject"], "s3:Get*", Some("x: s3:Get*"), "more actions"),
            (GrantForm::Name, &["shop-*"], "shop-a", Some("x: shop-a"), "a name is no pattern"),
            (GrantForm::Name, &["shop-a", "shop-b"], "shop-b", None, "the same name"),
        ] {
            assert_eq!(more("x", form, &texts(old), &texts(&[new])).as_deref(), expected, "{reason}");
        }
    }
}
