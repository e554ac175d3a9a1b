//! `drift`: what a daemon found between applies.

use super::{
    environments::warn,
    output,
    reports::{Looking, OpenDaemon, age, error_of, json},
};
use goldenpath_core::provision::{DriftReport, InstanceReport, Instances, ReportedProblem};
use std::fmt::Write as _;

/// Show the drift that a daemon found in its last round: objects, fields and field managers
///
/// Needs a daemon with `reconcile` in its configuration. Exits with 0 whether or not something has drifted.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Only the environment or slot with this ID, and what it contains
    id: Option<String>,
    #[command(flatten)]
    looking: Looking,
}

pub(super) async fn run(arguments: Arguments, open: OpenDaemon) -> anyhow::Result<()> {
    let Arguments { id, looking: Looking { connect, json: is_json } } = arguments;
    let mut listed = connect.open(open)?.instances().await.map_err(error_of)?;
    listed.instances.retain(|instance| id.as_deref().is_none_or(|id| is_within(&instance.id, id)));
    output::data(&if is_json { json(&listed.instances)? } else { text(&listed, id.as_deref()) })?;
    warn(&listed)
}

pub(super) fn is_within(id: &str, outer: &str) -> bool {
    id.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn text(listed: &Instances, id: Option<&str>) -> String {
    if listed.instances.is_empty() {
        // Nor does a mistyped ID need another configuration.
        return match id {
            Some(id) => format!("Nothing is recorded of {id}. The command `environments` lists what is.\n"),
            None => "Nothing is recorded.\n".to_owned(),
        };
    }
    let compared = listed.instances.iter().filter_map(|instance| Some((instance, instance.drift.as_ref()?)));
    let compared: Vec<(&InstanceReport, &DriftReport)> = compared.collect();
    if compared.is_empty() {
        return "Nothing was compared yet. Set `reconcile` in the daemon's configuration.\n".to_owned();
    }
    let mut text = String::new();
    for (instance, DriftReport { compared_at, drift, notices, newest }) in &compared {
        let newer = newest.as_ref().map(|newest| format!("{} {newest} is the newest", instance.golden_path));
        if drift.is_empty() && notices.is_empty() && newer.is_none() {
            continue;
        }
        let _ = writeln!(text, "{} ({} ago)", instance.id, age(compared_at));
        for ReportedProblem { summary, detail, .. } in drift.iter().chain(notices) {
            let _ = writeln!(text, "  {summary}\n    {}", detail.replace('\n', "\n    "));
        }
        if let Some(newer) = newer {
            let _ = writeln!(text, "  {newer}");
        }
    }
    if text.is_empty() { format!("No drift in {} instance(s).\n", compared.len()) } else { text }
}

#[cfg(test)]
mod tests {
    use super::{is_within, text};
    use goldenpath_core::provision::Instances;

    #[test]
    fn what_is_not_recorded_was_not_left_out_of_a_round() {
        let nothing = Instances { instances: vec![], clusters: vec![] };
        for (id, expected, reason) in [
            (None, "Nothing is recorded.\n", "an empty cluster"),
            (
                Some("demo/pya"),
                "Nothing is recorded of demo/pya. The command `environments` lists what is.\n",
                "a mistyped one",
            ),
        ] {
            assert_eq!(text(&nothing, id), expected, "{reason}");
        }
    }

    #[test]
    fn what_is_in_an_environment_goes_with_it() {
        for (id, expected, reason) in
            [("demo/pay", true, "itself"), ("demo/pay/api", true, "a slot"), ("demo/payments", false, "another one")]
        {
            assert_eq!(is_within(id, "demo/pay"), expected, "{reason}");
        }
    }
}
