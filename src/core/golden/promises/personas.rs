//! Access to an environment in words: whom its record names, and what each persona may do by the tier that made it.

use super::{ACCESS, AccessPromise};
use crate::{
    domain::{Persona, PersonaName, Record},
    golden::Catalogue,
};
use serde_json::Value;

pub struct PersonaAccess {
    pub persona: PersonaName,
    /// Whose permissions the tier gives it.
    pub role: PersonaName,
    pub who: Vec<String>,
    pub may: Vec<&'static str>,
    pub may_not: Vec<&'static str>,
}

/// Of the personas that the request names. `Err`: why the catalogue can't say it.
pub fn personas(record: &Record, catalogue: &Catalogue) -> Result<Vec<PersonaAccess>, String> {
    let path = record.path().ok_or("another release wrote the record")?;
    let tier = record.tier.parse().ok().and_then(|tier| catalogue.tier(&path, &tier));
    let tier = tier.ok_or_else(|| format!("the catalogue has no {} {} any more", path.name, path.version))?;
    let access = &record.spec["access"];
    let named = PersonaName::ALL.into_iter().filter(|persona| !access[persona.as_str()].is_null());
    Ok(named
        .map(|persona| {
            let role = tier.role(persona);
            let (may, may_not): (Vec<&AccessPromise>, Vec<_>) = ACCESS.iter().partition(|promise| promise.may(role));
            let names = |promises: Vec<&AccessPromise>| promises.into_iter().map(|promise| promise.name).collect();
            let who = principals(&access[persona.as_str()]);
            PersonaAccess { persona, role, who, may: names(may), may_not: names(may_not) }
        })
        .collect())
}

fn principals(written: &Value) -> Vec<String> {
    let of = |(attribute, kind): (&str, &str)| {
        let all = written[attribute].as_array().cloned().unwrap_or_default();
        all.iter().map(|one| format!("{kind} {}", name(one))).collect::<Vec<_>>()
    };
    Persona::PRINCIPALS.into_iter().flat_map(of).collect()
}

/// A provider of tokens has subjects besides.
fn name(principal: &Value) -> String {
    match principal {
        Value::String(name) => name.clone(),
        Value::Object(parts) => {
            let subjects = parts.get("subjects").and_then(Value::as_array).cloned().unwrap_or_default();
            let subjects: Vec<&str> = subjects.iter().filter_map(Value::as_str).collect();
            let provider = parts.get("provider").and_then(Value::as_str).unwrap_or_default();
            format!("{provider} for {}", subjects.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn principals_are_named_with_what_they_are() {
        let written = json!({
            "permission_sets": ["PaymentsDev"], "principal_arns": null, "oidc_groups": ["payments-all"],
            "trusted_oidc": [{ "provider": "gitlab.example", "subjects": ["project_path:a/b:*"] }],
        });
        let expected = [
            "permission set PaymentsDev",
            "OIDC group payments-all",
            "by its role, tokens of gitlab.example for project_path:a/b:*",
        ];
        assert_eq!(principals(&written), expected);
    }
}
