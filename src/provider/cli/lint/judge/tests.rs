//! Texts of configurations, with what is found in them.

use super::{super::*, judge, nearest};

fn findings(parse: fn(&str) -> Result<Vec<Block>, Unreadable>, text: &str) -> Vec<String> {
    let declared = resources::declarations();
    let blocks = parse(text).unwrap_or_else(|error| panic!("{error:?}: {text}"));
    let findings = blocks.iter().flat_map(|block| judge(block, &declared));
    findings.map(|finding| format!("{}: {finding}", finding.line)).collect()
}

fn in_environment(members: &str) -> Vec<String> {
    findings(hcl::blocks, &format!("resource \"goldenpath_team_environment\" \"x\" {{\n{members}\n}}\n"))
}

#[test]
fn each_unknown_word_is_found_where_its_place_is_certain() {
    for (members, expected, reason) in [
        (
            "for_each = local.x\nname = each.key\nlifecycle { ignore_changes = [totl] }",
            &[][..],
            "what every block knows",
        ),
        ("nmae = 1", &["2: `nmae`; did you mean `name`?"], "an argument of the block itself"),
        ("access = { developers = {} }", &["2: `access.developers`; did you mean `developer`?"], "a name too long"),
        (
            "quota = {\n  total = { totl = 1 }\n  totl = {}\n}",
            &["4: `quota.totl`; did you mean `total`?"],
            "keys of maps are free",
        ),
        ("pod_security = { \"enfroce\" = \"x\" }", &["2: `pod_security.enfroce`; did you mean `enforce`?"], "quoted"),
        (
            "namespaces = { a = { lables = {} }, (local.b) = { x = 1 } }",
            &[
                "2: `namespaces[\"a\"].lables`; did you mean `labels`?",
                "2: `namespaces[\"*\"].x`; known there: annotations, labels, limits, pod_security, quota",
            ],
            "elements of a map, whatever its keys",
        ),
        ("drift = { (local.a) = 1 }", &[], "a key that takes an evaluation"),
        (
            "access = merge(local.a, { viewr = {} }, var.b ? { admn = {} } : null)",
            &["2: `access.viewr`; did you mean `viewer`?", "2: `access.admn`; did you mean `admin`?"],
            "joined literals",
        ),
        ("access = lookup(local.a, { viewr = {} })", &[], "a function that may do anything with it"),
        (
            "namespaces = { for k, v in local.n : k => { quotas = v } }",
            &["2: `namespaces[\"*\"].quotas`; did you mean `quota`?"],
            "made by for",
        ),
        ("quota = local.quota\nname = \"${local.totl}\"", &[], "decided elsewhere"),
    ] {
        let expected: Vec<String> =
            expected.iter().map(|line| line.replacen(": `", ": goldenpath_team_environment.x has no `", 1)).collect();
        assert_eq!(in_environment(members), expected, "{reason}");
    }
}

#[test]
fn words_of_other_policies_say_what_to_write() {
    let slot = |statement: &str| {
        let text = format!(
            "resource \"goldenpath_eks_workload_slot\" \"x\" {{ identity = {{ statements = [{statement}] }} }}"
        );
        findings(hcl::blocks, &text)
    };
    for (statement, expected) in [
        ("{ Action = [] }", "identity.statements[0].Action`; write `actions`"),
        ("{}, { condition = {} }", "identity.statements[1].condition`; write `conditions = {"),
        ("{ effct = 1 }", "identity.statements[0].effct`; did you mean `effect`?"),
    ] {
        let found = slot(statement);
        assert!(found.len() == 1 && found[0].contains(expected), "{statement}: {found:?}");
    }
}

#[test]
fn json_is_read_like_native_syntax() {
    let text = r#"{
  "//": "a comment",
  "provider": {"goldenpath": [{"sandbox": {"pth": "x"}, "alias": "a"}]},
  "data": {"goldenpath_cluster": {"c": {"//": "ours", "claster": "demo"}}},
  "resource": [{"goldenpath_team_environment": {"a\"\u0062": {
    "name": "{\"", "quota": {"total": {"totl": 1.5e3},
      "headroom": null}, "drift": {"${local.a}": 1, "%{ if local.b }mode%{ endif }": 1}}}}]
}"#;
    assert_eq!(
        findings(json::blocks, text),
        [
            "3: provider.goldenpath has no `sandbox.pth`; did you mean `path`?",
            "4: data.goldenpath_cluster.c has no `claster`; known there: name",
            "7: goldenpath_team_environment.a\"b has no `quota.headroom`; did you mean `headroom_percent`?",
        ]
    );
}

#[test]
fn a_comment_of_json_is_one_in_a_block_only() {
    let text = r#"{"//": "of the file", "resource": {"goldenpath_team_environment": {"x": {
  "//": "of the block",
  "quota": {"//": "of an attribute"},
  "namespaces": {
    "//": "of a map",
    "a": {"labels": {"//": "a label"}}}}}}}"#;
    assert_eq!(
        findings(json::blocks, text),
        [
            format!("3: goldenpath_team_environment.x: `quota.//` is no comment; {}", super::IN_OBJECT),
            format!("5: goldenpath_team_environment.x: `namespaces[\"//\"]` is no comment; {}", super::IN_MAP),
        ]
    );
}

#[test]
fn files_of_other_editors_are_read() {
    let text = "resource \"goldenpath_team_environment\" \"x\" {\n  nmae = <<EOT\na\nEOT\n}\n";
    for (text, reason) in [
        (text.to_owned(), "as it is"),
        (format!("\u{feff}{text}"), "a byte order mark"),
        (text.replace('\n', "\r\n"), "line ends of Windows"),
    ] {
        let found = findings(hcl::blocks, &text);
        assert_eq!(found, ["2: goldenpath_team_environment.x has no `nmae`; did you mean `name`?"], "{reason}");
    }
}

#[test]
fn a_syntax_error_has_a_line() {
    for (parse, text, line) in [
        (hcl::blocks as fn(&str) -> Result<Vec<Block>, Unreadable>, "a = 1\nresource \"x\" {\n  b = [1\n", 3),
        (json::blocks, "{\n \"a\": 1,\n}", 3),
    ] {
        let error = parse(text).err().unwrap();
        assert!(error.line == line && error.message.starts_with("syntax error: "), "{error:?}");
    }
}

#[test]
fn a_word_begins_no_line_of_its_own() {
    let written = r#"{"provider": {"goldenpath": {"sandbox": {"a\n::error::b\u001b[2J": 1}}}}"#;
    let (blocks, declared) = (json::blocks(written).expect("JSON"), resources::declarations());
    let found = blocks.iter().flat_map(|block| judge(block, &declared));
    let findings = found.map(|found| InFile { file: "x.tf.json".to_owned(), found }).collect();
    let said = text(&Report { format_version: "1.0", findings, errors: vec![] }, 1);
    assert!(said.lines().count() == 2 && said.contains("`sandbox.a\\n::error::b\\u{1b}[2J`"), "{said}");
}

#[test]
fn the_nearest_word_is_near() {
    for (word, expected, reason) in [
        ("enfroce", Some("enforce"), "neighbours exchanged"),
        ("Enforce", Some("enforce"), "capitals"),
        ("audit", None, "another word"),
    ] {
        assert_eq!(nearest(word, &["enforce", "version"]), expected, "{reason}");
    }
}
