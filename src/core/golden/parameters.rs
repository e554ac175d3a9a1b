//! The parameters of a request against those that its golden path has.

use super::catalogue::{GoldenPath, Parameter, ParameterOf};
use crate::domain::{Late, Problems, WrittenParameters, name_list};
use serde_json::Value;
use std::collections::BTreeMap;

/// Each with its default, where the request does not set it.
pub fn with_defaults(path: &GoldenPath, of: ParameterOf, written: Option<&WrittenParameters>) -> WrittenParameters {
    let value = |(name, parameter): (&String, &Parameter)| {
        let written = written.and_then(|written| written.get(name)).filter(|value| **value != Late::Now(Value::Null));
        let value = written.cloned().or_else(|| parameter.default.clone().map(Late::Now))?;
        Some((name.clone(), value))
    };
    parameters_of(path, of).filter_map(value).collect()
}

pub fn judge(path: &GoldenPath, of: ParameterOf, written: Option<&WrittenParameters>, problems: &mut Problems) {
    let known: BTreeMap<&String, &Parameter> = parameters_of(path, of).collect();
    let nothing = WrittenParameters::new();
    let written = written.unwrap_or(&nothing);
    for (name, value) in written {
        let at = ["parameters", name.as_str()];
        let Some(parameter) = known.get(name) else {
            let names: Vec<&str> = known.keys().map(|name| name.as_str()).collect();
            let next = match names.is_empty() {
                true => "It has none here. Remove it, or choose a golden path that has it.".to_owned(),
                false => format!("It has: {}. Correct the name, or remove it.", name_list(&names)),
            };
            problems.error(
                "parameters.unknown",
                &at,
                format!("Golden path {} has no parameter {name:?}", path.name),
                next,
            );
            continue;
        };
        if let Some(reason) = value.now().filter(|value| !value.is_null()).and_then(|value| parameter.refuses(value)) {
            problems.error(
                "parameters.value",
                &at,
                format!("Parameter {name} can't have this value: {reason}"),
                description(parameter),
            );
        }
    }
    let filled = with_defaults(path, of, Some(written));
    for (name, parameter) in known.into_iter().filter(|(name, _)| !filled.contains_key(*name)) {
        problems.error(
            "parameters.missing",
            &["parameters"],
            format!("Golden path {} needs the parameter {name}", path.name),
            description(parameter),
        );
    }
}

fn parameters_of(path: &GoldenPath, of: ParameterOf) -> impl Iterator<Item = (&String, &Parameter)> {
    path.parameters.iter().filter(move |(_, parameter)| parameter.of == of)
}

/// With the next step.
fn description(parameter: &Parameter) -> String {
    let Parameter { ty, description, min, max, choices, .. } = parameter;
    let bounds = match (min, max) {
        (Some(min), Some(max)) => format!(" from {min} to {max}"),
        (Some(min), None) => format!(" of at least {min}"),
        (None, Some(max)) => format!(" of at most {max}"),
        (None, None) => String::new(),
    };
    let choices: Vec<String> = choices.iter().flatten().map(Value::to_string).collect();
    let choices = if choices.is_empty() { String::new() } else { format!(", one of {}", choices.join(", ")) };
    let about = if description.is_empty() { String::new() } else { format!("{} ", description.trim()) };
    format!("{about}Set it to a {}{bounds}{choices}.", ty.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{Catalogue, fixtures::assert_well_written};
    use serde_json::json;

    #[test]
    fn a_request_sets_what_its_path_has() {
        let text = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: own\nversion: 1.0.0\nextends: team-standard 1.0.0\n\
            parameters:\n  days: { type: number, min: 1, max: 30, default: 7, description: How long logs stay. }\n  \
            zone: { type: string, choices: [a, b] }\n  level: { type: string, of: slot, default: info }\n";
        let catalogue = Catalogue::with_documents([("own", text)]).expect("a catalogue");
        let path = catalogue.newest(Some("own")).expect("a path");
        for (written, codes, reason) in [
            (json!({"zone": "a"}), &[][..], "the rest has defaults"),
            (json!({"zone": "a", "days": 30}), &[], "all of it"),
            (json!({}), &["parameters.missing"], "one without a default"),
            (json!({"zone": null}), &["parameters.missing"], "null is not set"),
            (json!({"zone": "c"}), &["parameters.value"], "another choice"),
            (json!({"zone": "a", "days": "x"}), &["parameters.value"], "another type"),
            (json!({"zone": "a", "level": "debug"}), &["parameters.unknown"], "one of slots"),
        ] {
            let written: WrittenParameters = serde_json::from_value(written).expect(reason);
            let mut problems = Problems::default();
            judge(path, ParameterOf::Environment, Some(&written), &mut problems);
            let problems = problems.into_vec();
            assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), codes, "{reason}");
            problems.iter().for_each(|problem| assert_well_written(problem, reason));
        }
        let later = WrittenParameters::from([("zone".to_owned(), Late::Later)]);
        let mut problems = Problems::default();
        judge(path, ParameterOf::Environment, Some(&later), &mut problems);
        assert_eq!(problems.into_vec(), [], "what is not known yet is judged once it is");
        let filled = with_defaults(path, ParameterOf::Environment, Some(&later));
        assert_eq!(filled["days"], Late::Now(json!(7)));
        assert_eq!(filled["zone"], Late::Later);
    }
}
