//! An event as people read it.

use goldenpath_core::provision::{Event, EventKind};

/// `2026-11-25T01:41:48Z op-1a2b demo/pay: 3 of 22, Namespace pay`
pub fn line(event: &Event) -> String {
    let of = if event.operation.is_empty() { String::new() } else { format!("{} ", event.operation) };
    format!("{} {of}{}: {}", event.at, event.about, text_of(event))
}

fn text_of(event: &Event) -> String {
    let Event { kind, verb, caller, done, of, text, .. } = event;
    match kind {
        EventKind::Accepted => format!("{verb} accepted of {caller}"),
        EventKind::Began => format!("{verb} began"),
        EventKind::Resumed => format!("{verb} resumed, after the daemon was killed"),
        EventKind::Step => format!("{done} of {of}, {text}"),
        EventKind::Cancelled => "cancellation requested".to_owned(),
        EventKind::Ended => format!("{verb} ended: {text}"),
        EventKind::Healed => format!("drift healed, {text}"),
        EventKind::Drift | EventKind::Notice => text.clone(),
        EventKind::Unreachable => format!("out of reach: {text}"),
        EventKind::Reachable => "within reach again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let event = Event {
            at: "2026-11-25T01:41:48Z".into(),
            kind: EventKind::Step,
            operation: "op-1".into(),
            caller: "the daemon's own user".into(),
            verb: "ensure".into(),
            about: "demo/pay".into(),
            done: 3,
            of: 22,
            text: "Namespace pay".into(),
        };
        assert_eq!(line(&event), "2026-11-25T01:41:48Z op-1 demo/pay: 3 of 22, Namespace pay");
        let found = Event { kind: EventKind::Drift, operation: String::new(), text: "x: y".into(), ..event };
        assert_eq!(line(&found), "2026-11-25T01:41:48Z demo/pay: x: y");
    }
}
