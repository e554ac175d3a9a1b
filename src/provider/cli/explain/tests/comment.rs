//! Markdown for a comment on a pull request: values stay values.

use super::*;

const HOSTILE: [&str; 5] = [
    "x\nlost     Namespace everything",
    "x\n## Approved\n\n```\n</code></details><h1>Approved</h1>",
    "`x` **Approved** @everyone [x](https://example.com) <img src=x>",
    "\u{202e}\u{2028}# Approved\u{85}plan",
    "```",
];

/// Nothing that comes from a plan adds a line, a heading or markup.
#[test]
fn hostile_values_stay_values() {
    for hostile in HOSTILE {
        let before =
            json!({"id": hostile, "tier": "a", "objects": {hostile: LIVE, format!("Namespace {hostile}"): hostile}});
        let after = json!({"id": hostile, "tier": hostile, "objects": {hostile: format!("{hostile} #2:1"), format!("IAM Role {hostile}"): hostile},
            "access": {"admin": {"permission_sets": [hostile]}}});
        let mut change = update(before, after);
        for member in ["address", "previous_address", "action_reason", "deposed"] {
            change[member] = json!(hostile);
        }
        let failed = json!({"address": {"to_display": hostile}, "status": "fail", "instances": [{"problems": [{"message": hostile}]}]});
        let said = review_with(json!({"resource_changes": [change], "checks": [failed]}));
        let text = text::text(&said);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control() && !"\u{202e}\u{2028}\u{85}".contains(c)), "{text}");
        for line in text.lines() {
            let is_ours = ["plan ", "lost ", "access ", "delete ", "change ", "create ", "finding", "in ", "  "]
                .iter()
                .any(|start| line.starts_with(start));
            assert!(is_ours || line.is_empty(), "a line of its own: {line}\n{text}");
        }
        assert_eq!(text.matches("\nlost ").count(), 1, "{text}");
        let outside = outside_of_code(&markdown::markdown(&said));
        for forged in ["pproved", "everyone", "everything ", "img", "h1", "example"] {
            assert!(
                !outside.replace(" and everything in it", "").contains(forged),
                "{forged} is outside of code:\n{outside}"
            );
        }
    }
}

/// What a reader of Markdown takes for Markdown: without blocks and spans of code.
fn outside_of_code(markdown: &str) -> String {
    let (mut out, mut is_block) = (String::new(), false);
    for line in markdown.lines() {
        let fence = line.trim_start().starts_with("```") && line.len() - line.trim_start().len() <= 3;
        if fence && (!is_block || line.trim() == "```") {
            is_block = !is_block;
        } else if !is_block && line.starts_with("<details><summary><code>") {
            let (name, rest) = line["<details><summary><code>".len()..].split_once("</code>").unwrap();
            assert!(!name.contains('<') && rest.ends_with("</summary>"), "{line}");
        } else if !is_block {
            let mut rest = line;
            while let Some(start) = rest.find('`') {
                out.push_str(&rest[..start]);
                let ticks = rest[start..].len() - rest[start..].trim_start_matches('`').len();
                let inside = &rest[start + ticks..];
                let runs = |at: usize| {
                    inside[at..].starts_with(&"`".repeat(ticks))
                        && !inside[at + ticks..].starts_with('`')
                        && !inside[..at].ends_with('`')
                };
                let end = (0..inside.len()).find(|at| inside.is_char_boundary(*at) && runs(*at)).expect("a span ends");
                rest = &inside[end + ticks..];
            }
            out.push_str(rest);
            out.push('\n');
        }
    }
    assert!(!is_block, "each block ends");
    out
}

#[test]
fn markdown_fits_a_comment() {
    for (changed, made, is_cut, reason) in [
        (30, 30, false, "sixty teams fit"),
        (30, 900, true, "what is made is counted or left out"),
        (600, 0, true, "too many changes are left out"),
    ] {
        let said = markdown::markdown(&review(teams(changed, made)));
        assert!(said.len() <= markdown::LIMIT, "{reason}: {} bytes", said.len());
        assert_eq!(said.contains("**Cut to fit 60 KB.**"), is_cut, "{reason}");
        assert!(said.contains("`requests.cpu` `40` -> `4` in"), "{reason}: the head is whole");
        assert!(
            is_cut && made == 0 || said.matches("requests.cpu 40 -> 4").count() == changed,
            "{reason}: changes are never cut for what is made"
        );
    }
}
