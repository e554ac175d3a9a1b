//! Problems of the domain as Terraform's diagnostics: the one place where they meet.

use goldenpath_core::domain::{Problem, Severity};
use plugin::{Diagnostic, Path, Schema, Step, Value, diagnostic::LONGEST_SUMMARY};

/// The code stands at the end of the detail: bridges show only the summary, and people search for the code. A place inside
/// an attribute stands beside it, since a CLI can point at no more than the attribute, and at a map's key not even there.
pub fn of(schema: &Schema, problem: Problem) -> Diagnostic {
    let Problem { severity, code, summary, detail, field } = problem;
    let (summary, detail) = in_one_line(summary, detail);
    let path = path_of(schema, &field);
    let place = if path.steps().len() > 1 { format!(" at {path}") } else { String::new() };
    let detail = match () {
        () if detail.is_empty() => format!("({code}{place})"),
        () if detail.contains(code) && place.is_empty() => detail,
        () if detail.contains(code) => format!("{detail}\n\n({})", place.trim_start()),
        () => format!("{detail}\n\n({code}{place})"),
    };
    let diagnostic = match severity {
        Severity::Error => Diagnostic::error(summary, detail),
        Severity::Warning => Diagnostic::warning(summary, detail),
    };
    diagnostic.at(path)
}

/// What a service says has any length: a summary keeps its beginning and the step at its end, and the detail has all of it.
pub fn in_one_line(summary: String, detail: String) -> (String, String) {
    if summary.chars().count() <= LONGEST_SUMMARY {
        return (summary, detail);
    }
    let step = step_of(&summary);
    let room = LONGEST_SUMMARY - 3 - step.chars().count();
    let mut short = String::new();
    for word in summary.split_inclusive(' ') {
        if short.chars().count() + word.chars().count() > room {
            break;
        }
        short.push_str(word);
    }
    if short.is_empty() {
        short = summary.chars().take(room).collect();
    }
    let short = short.trim_end_matches([' ', ':', ';', ',']);
    (format!("{short}...{step}"), format!("{summary}.\n\n{detail}"))
}

/// What follows the last colon or semicolon, with it, if it is short enough for a step.
fn step_of(summary: &str) -> &str {
    const LONGEST_STEP: usize = 100;
    let mark = [": ", "; "].iter().filter_map(|mark| summary.rfind(mark)).max();
    let step = mark.map_or("", |mark| &summary[mark..]);
    if step.chars().count() > LONGEST_STEP { "" } else { step }
}

/// Of a data source. In a run that creates it, only a reference says that it is to be read afterwards.
pub fn no_record(attribute: &'static str, config: &Value, what: &str, resource: &str) -> Vec<Diagnostic> {
    let id = config.child(attribute).as_str().unwrap_or_default();
    let detail = format!(
        "The target has no record of it. Set `{attribute}` to the `id` attribute of a {resource}, so that Terraform reads this \
         data source once that resource is made."
    );
    vec![
        Diagnostic::error(format!("No {what} has the ID {id}: reference the `id` of a {resource}"), detail)
            .at(Path::attribute(attribute)),
    ]
}

pub fn all(schema: &Schema, problems: impl IntoIterator<Item = Problem>) -> Vec<Diagnostic> {
    problems.into_iter().map(|problem| of(schema, problem)).collect()
}

/// A field by serde names is a path that does not tell attributes from keys; the schema does. A number is an index where
/// the schema has a list.
pub fn path_of(schema: &Schema, field: &[String]) -> Path {
    let mut path = Path::root();
    for name in field {
        let as_key = path.clone().then(Step::Attribute(name.clone()));
        let as_index = name.parse().ok().map(|index| path.clone().then(Step::Index(index)));
        // A step that the schema can't follow comes back as it was given; only a list turns one into an index.
        path = match as_index {
            Some(indexed) if is_list(schema, &path) => indexed,
            _ => as_key,
        };
    }
    schema.resolve_path(&path)
}

fn is_list(schema: &Schema, path: &Path) -> bool {
    let mut ty = schema.ty();
    for step in path.steps() {
        ty = match (ty, step) {
            (plugin::Type::Object(mut attributes), Step::Attribute(name) | Step::Key(name)) => {
                match attributes.remove(name) {
                    Some(ty) => ty,
                    None => return false,
                }
            }
            (plugin::Type::Map(element) | plugin::Type::List(element) | plugin::Type::Set(element), _) => *element,
            _ => return false,
        };
    }
    matches!(ty, plugin::Type::List(_) | plugin::Type::Set(_) | plugin::Type::Tuple(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_says_fits_into_a_line() {
        for (summary, short, reason) in [
            ("Failed to apply x".to_owned(), "Failed to apply x".to_owned(), "it fits"),
            (
                format!("Failed {}", "word ".repeat(60).trim_end()),
                format!("Failed {}...", "word ".repeat(38).trim_end()),
                "whole words",
            ),
            ("x".repeat(300), format!("{}...", "x".repeat(197)), "one long word"),
            (
                format!("Failed: {}; try again", "word ".repeat(60).trim_end()),
                format!("Failed: {}...; try again", "word ".repeat(35).trim_end()),
                "the step stays",
            ),
            (
                format!("Failed: {}", "word ".repeat(60).trim_end()),
                format!("Failed: {}...", "word ".repeat(37).trim_end()),
                "a cause is no step",
            ),
            (
                format!("{}APPLY: {}; try again", "word ".repeat(33), "x".repeat(200)),
                format!("{}APPLY...; try again", "word ".repeat(33)),
                "no colon before what is cut",
            ),
        ] {
            let (found, detail) = in_one_line(summary.clone(), "Try again.".to_owned());
            assert_eq!(found, short, "{reason}");
            assert!(
                found.chars().count() <= LONGEST_SUMMARY && (found == summary || detail.contains(&summary)),
                "{reason}"
            );
        }
    }
    use crate::resources::{
        eks_workload_slot::EksWorkloadSlot, flow::ManagedResource, team_environment::TeamEnvironment,
    };

    #[test]
    fn fields_by_serde_names_are_places_in_the_schema() {
        let (environment, slot) = (TeamEnvironment.schema(), EksWorkloadSlot.schema());
        for (schema, field, expected, reason) in [
            (&environment, &[][..], "", "the whole resource"),
            (&environment, &["quota", "total", "requests.cpu"], r#"quota.total["requests.cpu"]"#, "a map of strings"),
            (&environment, &["namespaces", "jobs", "quota"], r#"namespaces["jobs"].quota"#, "a map of objects"),
            (&environment, &["access", "viewer", "oidc_groups", "0"], "access.viewer.oidc_groups", "cut off at a set"),
            (
                &slot,
                &["identity", "statements", "1", "actions"],
                "identity.statements[1].actions",
                "an index of a list",
            ),
        ] {
            let field: Vec<String> = field.iter().map(ToString::to_string).collect();
            assert_eq!(path_of(schema, &field).to_string(), expected, "{reason}");
        }
    }

    #[test]
    fn the_code_stands_once() {
        let schema = Schema::default();
        let detail = |text: &str| of(&schema, Problem::error("quota.too_small", "x", text)).detail;
        assert_eq!(detail("Raise it."), "Raise it.\n\n(quota.too_small)");
        assert_eq!(detail("Raise it. (rule quota.too_small)"), "Raise it. (rule quota.too_small)");
        assert_eq!(detail(""), "(quota.too_small)");
    }

    #[test]
    fn a_place_inside_an_attribute_is_named_in_the_detail() {
        let schema = TeamEnvironment.schema();
        let detail = |field: &[&str]| {
            let problem = Problem::error("quota.too_small", "x", "Raise it.").at(field.iter().copied());
            of(&schema, problem).detail
        };
        let inside = detail(&["quota", "total", "requests.cpu"]);
        assert_eq!(inside, "Raise it.\n\n(quota.too_small at quota.total[\"requests.cpu\"])");
        assert_eq!(detail(&["quota"]), "Raise it.\n\n(quota.too_small)", "a CLI shows the attribute itself");
    }
}
