use super::*;
use crate::domain::{PersonaName, TierClass};
use serde_json::json;

const TEXT: &str = include_str!("../paths/team-standard-1.0.0.yaml");

fn parse(document: &str, text: &str) -> Result<GoldenPath, CatalogueError> {
    Ok(read_all([(document, text)])?.remove(0).1)
}

#[test]
fn the_embedded_path_is_sound_and_the_default() {
    let catalogue = Catalogue::with_documents([]).expect("the embedded documents parse");
    let path = catalogue.newest(None).expect("there is a default");
    assert_eq!((path.name.as_str(), path.version.to_string().as_str()), ("team-standard", "1.0.0"));
    assert_eq!(path.digest().len(), 64);
    let classes: Vec<TierClass> = path.tiers.values().map(|tier| tier.class).collect();
    assert_eq!(classes, [TierClass::Dev, TierClass::Prod, TierClass::Staging]);
    let prod = &path.tiers[&"prod".parse().expect("a name")];
    assert_eq!(prod.roles[&PersonaName::Developer], PersonaName::Viewer, "people look at production");
    assert!(!prod.grants.egress_cidrs.contains(&"0.0.0.0/0".to_owned()), "the merge key is overridden");
    assert!(prod.grants.actions.contains(&"s3:*".to_owned()), "the merge key is read");
    assert_eq!(*Catalogue::built_in(), catalogue);
    let read = parse("as people read it", TEXT).expect("parses");
    assert_eq!(path.digest(), read.digest(), "as it was released");
    assert_eq!(catalogue.paths(), [Arc::new(read)], "what the build made of it is what it says");
}

#[test]
fn the_digest_is_of_the_content() {
    let digest = |text: &str| parse("x", text).expect("parses").digest().to_owned();
    assert_eq!(digest(TEXT), digest(&format!("# a comment\n{TEXT}")), "comments move nothing");
    assert_ne!(digest(TEXT), digest(&TEXT.replace("pods: \"40\"", "pods: \"41\"")));
    let ending = "status: deprecated\ndeprecation: { reason: It is old., removal: 2027-01-01 }\nowner: platform\nchangelog: [x]\n";
    assert_eq!(digest(TEXT), digest(&format!("{TEXT}\n{ending}")), "its life moves nothing");
}

#[test]
fn the_schema_is_of_the_documents_form() {
    let schema = Catalogue::schema();
    let required = schema["required"].as_array().expect("a list");
    assert!(["apiVersion", "kind", "name", "version", "tiers"].iter().all(|name| required.contains(&(*name).into())));
    assert_eq!(schema["additionalProperties"], false, "a misspelt field is an error in an editor, too");
    assert!(!schema.to_string().contains("[`"), "no links to code");
    let read: Value = serde_saphyr::from_str(TEXT).expect("YAML");
    let known = schema["properties"].as_object().expect("an object");
    assert!(read.as_object().expect("an object").keys().all(|name| known.contains_key(name)));
}

#[test]
fn a_policy_is_part_of_the_path_that_names_it() {
    let policy = "apiVersion: goldenpath.internal/v1\nkind: Policy\nname: own\nversion: 1.0.0\ndescription: x\n\
        match: [{ groups: [\"\"], versions: [v1], resources: [configmaps], operations: [CREATE] }]\n\
        validations: [{ expression: \"object.metadata.name != 'x'\", remedy: Rename it. }]\n";
    let path =
        TEXT.replace("name: team-standard", "name: own").replace("default: true", "policies: [{ policy: own 1.0.0 }]");
    let read = |policy: &str| {
        let catalogue = Catalogue::with_documents([("path", path.as_str()), ("policy", policy)]).expect("a catalogue");
        catalogue.newest(Some("own")).expect("there").clone()
    };
    let own = read(policy);
    assert_eq!(own.resolved_policies.0[0].id(), "own 1.0.0");
    assert_ne!(own.digest(), read(&policy.replace("!= 'x'", "!= 'y'")).digest(), "edited in place");
    let wrong = Catalogue::with_documents([("policy.yaml", policy.replace("metadata.name", "metadata.").as_str())]);
    let wrong = wrong.map(|_| ()).expect_err("no expression").to_string();
    assert!(wrong.starts_with("policy.yaml:7:"), "{wrong}");
}

#[test]
fn a_document_may_say_only_in_what_it_differs() {
    let head = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: team-standard\n";
    let short =
        format!("{head}version: 1.1.0\nextends: 1.0.0\ntiers: {{ dev: {{ quota: {{ total: {{ pods: 44 }} }} }} }}\n");
    let catalogue = Catalogue::with_documents([("short", short.as_str())]).expect("it extends the built-in one");
    let long = TEXT.replace("version: 1.0.0", "version: 1.1.0").replace("pods: \"40\"", "pods: \"44\"");
    let long = parse("long", &long).expect("parses");
    let short = catalogue.newest(Some("team-standard")).expect("there");
    assert_eq!(
        (short.version.to_string().as_str(), short.digest()),
        ("1.1.0", long.digest()),
        "as if it was written out"
    );
    assert!(!short.default, "what a document says of itself is not taken over");
    for (text, words, reason) in [
        ("extends: 3.0.0", "no golden path team-standard 3.0.0", "what is not there"),
        ("extends: new", "x.yaml:5:10: extends", "no version"),
        ("extends: 1.1.0", "extends another one itself", "more than one level"),
        (
            "extends: 1.0.0\ntiers: { dev: { clas: dev } }",
            "x.yaml:6:17: tiers.dev.clas",
            "a misspelt field, where it stands",
        ),
        ("extends: 1.0.0\ntiers: { dev: { class: [", "x.yaml:6:", "no YAML"),
        ("extends: 1.0.0\ntiers: { dev: { network: null } }", "missing field `network`", "a field that must be there"),
    ] {
        let next = format!("{head}version: 1.2.0\n{text}\n");
        let short = format!("{head}version: 1.1.0\nextends: 1.0.0\n");
        let found = Catalogue::with_documents([("short", short.as_str()), ("x.yaml", next.as_str())]);
        let found = found.map(|_| ()).expect_err(reason).to_string();
        assert!(found.contains(words), "{reason}: {found}");
    }
}

#[test]
fn the_highest_version_of_a_name_counts() {
    let newer = TEXT.replace("version: 1.0.0", "version: 1.10.0");
    let older = TEXT.replace("version: 1.0.0", "version: 1.9.0");
    let other = TEXT.replace("name: team-standard", "name: data-team").replace("default: true", "default: false");
    let catalogue = Catalogue::with_documents([("a", newer.as_str()), ("b", older.as_str()), ("c", other.as_str())])
        .expect("three more");
    assert_eq!(catalogue.newest(None).expect("default").version.to_string(), "1.10.0", "as numbers, not as text");
    assert_eq!(catalogue.newest(Some("data-team")).expect("named").name, "data-team");
    let unknown = catalogue.newest(Some("nope")).expect_err("unknown");
    assert_eq!(unknown.field, ["golden_path"]);
    assert!(unknown.detail.contains("data-team, team-standard"), "{}", unknown.detail);
    let tier = catalogue.terms(None, None, &"qa".parse().expect("a name")).expect_err("unknown");
    assert_eq!(tier.field, ["tier"]);
}

#[test]
fn wrong_documents_are_refused() {
    for (from, to, words, reason) in [
        ("goldenpath.internal/v1", "v1", "apiVersion: it must be goldenpath.internal/v1", "another API"),
        ("kind: GoldenPath", "kind: Path", "GoldenPath, Policy or", "another kind"),
        ("default: true", "status: deprecated", "say why", "an end without a reason"),
        ("default: true", "deprecation: { reason: x }", "once `status` is", "a reason without an end"),
        ("default: true", "policies: [{ policy: nope 1.0.0 }]", "no policy nope 1.0.0", "a policy that is nowhere"),
        ("default: true", "policies: [{ policy: 1.0.0 }]", "<name> <version>", "a version of which policy?"),
        ("default: true", "policies: [{ severity: {} }]", "name a `policy`", "no policy at all"),
        (
            "default: true",
            "policies: [{ policy: image-tags 1.0.0, params: { nope: 1 } }]",
            "policies.0.params: policy image-tags has no param nope",
            "a param that it has not",
        ),
        ("version: 1.0.0", "version: 1.0.0", "already; give one of them", "a name and version twice"),
        ("version: 1.0.0", "version: \"1.0\"", "major.minor.patch", "no version"),
        ("max_factor: 4", "max_factr: 4", "max_factr", "an unknown field is not ignored"),
        ("class: dev", "class: test", "test", "an unknown class"),
        ("s3:*", "iam:*", "iam:*", "power over identities"),
        ("s3:*", "'*'", "<service>:<operation>", "everything"),
        ("s3:*", "s3", "<service>:<operation>", "no action"),
        ("arn:{partition}:iam::{account}:policy/goldenpath/boundary", "''", "boundary", "no boundary"),
        ("      iam_path:", "      policy_arns: ['*']\n      iam_path:", "must begin with", "any policy"),
        (
            "      iam_path:",
            "      policy_arns: ['arn:{partition}:iam::aws:policy/*']\n      iam_path:",
            "AdministratorAccess",
            "power over the account among others",
        ),
        (
            "      iam_path:",
            "      admission: {ingress_hosts: ['*.{tem}.example.com']}\n      iam_path:",
            "{team}, {environment}",
            "a misspelt placeholder of a host",
        ),
        ("{account}:role/*", "{acount}:role/*", "placeholders", "a misspelt placeholder"),
        ("[AmazonEKSViewPolicy]", "[AmazonEKSClusterAdminPolicy]", "more than an environment", "cluster admin"),
        ("developer: viewer", "developer: admin", "may not be raised", "a persona above itself"),
        ("isolation: namespace", "isolation: shared", "class prod", "shared by default in production"),
        ("10.0.0.0/8", "10.0.0.1/8", "10.0.0.0/8", "host bits"),
        ("headroom_percent: 25", "headroom_percent: 100", "below 100", "nothing but headroom"),
        ("requests.cpu: \"20\"", "request.cpu: \"20\"", "not a resource", "a misspelt resource"),
        ("egress_presets: [same_environment]", "egress_presets: [nope]", "not defined", "an unknown preset"),
        ("max_session_seconds: 3600", "max_session_seconds: 60", "43200", "a session too short for IAM"),
        ("iam_path: /goldenpath/", "iam_path: /", "iam_path", "outside of our path"),
        ("[scaledjobs, scaledobjects,", "['*', scaledobjects,", "lower case", "every kind of a group"),
        (
            "    - traefik\n    - upbound-system",
            "    - upbound-system",
            "not among `reserved`",
            "a door that a team could be named",
        ),
        ("services.loadbalancers: \"1\" }", "services.nodes: \"1\" }", "not in quota.total", "a maximum of nothing"),
        ("    limits: {", "    limits: { default_memory: 1Mi,", "above limit", "a default below the request"),
        (
            "        pods: \"40\"",
            "        pods: \"40\"\n        limits.memory: 1Gi",
            "default_memory is missing",
            "pods without a limit",
        ),
        ("tiers:", "tiers: []\nold:", "", "no tiers"),
    ] {
        assert!(TEXT.contains(from), "{from} is in the document");
        let text = TEXT.replacen(from, to, 1);
        let Err(error) = Catalogue::with_documents([("x.yaml", text.as_str())]) else { panic!("{reason}") };
        let error = error.to_string();
        assert!(error.contains(words) && error.starts_with("x.yaml"), "{reason}: {error}");
    }
}

#[test]
fn a_version_stays_until_the_request_moves_it() {
    let version = |version: &str| TEXT.replace("version: 1.0.0", &format!("version: {version}"));
    let other = TEXT.replace("name: team-standard", "name: data-team").replace("default: true", "default: false");
    let (newer, next) = (version("1.1.0"), version("2.0.0"));
    let documents = [("a", newer.as_str()), ("b", next.as_str()), ("c", other.as_str())];
    let all = Catalogue::with_documents(documents).expect("three more");
    let held = |version: &str| PathVersion {
        name: "team-standard".into(),
        version: version.parse().expect("a version"),
        digest: String::new(),
    };
    for (holds, name, wanted, expected, reason) in [
        (None, None, None, "team-standard 2.0.0", "something new gets the highest"),
        (None, None, Some("~> 1.0"), "team-standard 1.1.0", "of those that it admits"),
        (Some("1.0.0"), None, None, "team-standard 1.0.0", "a newer one in the catalogue moves nothing"),
        (Some("1.0.0"), Some("team-standard"), Some("~> 1.0"), "team-standard 1.0.0", "nor one that would be admitted"),
        (Some("1.0.0"), None, Some("~> 1.1"), "team-standard 1.1.0", "what the request no longer admits moves"),
        (Some("2.0.0"), None, Some("1.0.0"), "team-standard 1.0.0", "back, too"),
        (Some("1.0.0"), Some("data-team"), None, "data-team 1.0.0", "another path is the request's own choice"),
    ] {
        let holds = holds.map(held);
        let wanted = wanted.map(|wanted| wanted.parse().expect("a constraint"));
        let catalogue = all.holding(holds.as_ref());
        let path = catalogue.path(name, wanted.as_ref()).expect(reason);
        assert_eq!(format!("{} {}", path.name, path.version), expected, "{reason}");
    }
    let gone = all.holding(Some(&held("1.5.0")));
    let problem = gone.path(None, None).expect_err("its document is gone");
    assert_eq!(
        (problem.code, problem.field.as_slice()),
        ("catalogue.version_gone", ["golden_path_version".into()].as_slice())
    );
    assert!(problem.detail.contains("1.0.0, 1.1.0, 2.0.0"), "{}", problem.detail);
    assert!(gone.path(None, Some(&"2.0.0".parse().expect("a version"))).is_ok(), "and the request moves off it");
    let problem = all.path(None, Some(&"~> 3.0".parse().expect("a constraint"))).expect_err("there is none");
    assert_eq!(problem.code, "catalogue.unknown_version");
}

#[test]
fn a_default_of_ones_own_takes_the_place_of_the_built_in_one() {
    let own = TEXT.replace("name: team-standard", "name: own");
    let other = TEXT.replace("name: team-standard", "name: other");
    let newest = |catalogue: &Catalogue| catalogue.newest(None).map(|path| path.name.clone());
    let catalogue = Catalogue::with_documents([("own", own.as_str())]).unwrap_or_default();
    assert_eq!(newest(&catalogue), Ok("own".to_owned()));
    assert!(catalogue.newest(Some("team-standard")).is_ok(), "the built-in one is there by its name");
    let alone = Catalogue::of_documents([("own", own.as_str())]).unwrap_or_default();
    assert!(alone.newest(Some("team-standard")).is_err() && newest(&alone).is_ok(), "without it");
    let both = Catalogue::with_documents([("own", own.as_str()), ("other", other.as_str())]).map(|_| ());
    assert!(matches!(both, Err(CatalogueError::SecondDefault { .. })), "two of one's own");
}

#[test]
fn a_document_says_its_name_and_version() {
    let id = |text: &str| Catalogue::id_of(text);
    assert_eq!(id(TEXT), Some(("team-standard".to_owned(), "1.0.0".to_owned())));
    assert_eq!(id("tiers: ["), None, "no YAML");
}

#[test]
fn all_faults_of_several_documents_are_found() {
    let own = TEXT.replace("name: team-standard", "name: own");
    let other = TEXT.replace("name: team-standard", "name: other");
    let wrong = |from: &str| own.replace(from, "x: y");
    let (no_kind, no_version) = (wrong("kind: GoldenPath"), wrong("version: 1.0.0"));
    for (documents, expected, reason) in [
        (vec![("own", own.as_str())], vec![], "a catalogue"),
        (
            vec![("a", no_kind.as_str()), ("own", own.as_str()), ("b", no_version.as_str())],
            vec!["a", "b", "b"],
            "each of them, and of the last one a field too many and one that is missing",
        ),
        (vec![("own", own.as_str()), ("other", other.as_str())], vec!["other"], "right alone, and not together"),
    ] {
        let faults: Vec<String> = Catalogue::faults(&documents).iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), expected.len(), "{reason}: {faults:?}");
        for (fault, document) in faults.iter().zip(expected) {
            assert!(fault.starts_with(document), "{reason}: {fault}");
        }
    }
}

#[test]
fn a_policy_has_a_schema_of_its_own() {
    let schema = Catalogue::policy_schema();
    assert_eq!(schema["additionalProperties"], false, "a misspelt field is an error in an editor");
    assert!(schema["properties"].get("validations").is_some(), "{schema}");
    assert!(!schema.to_string().contains("[`"), "no links to code");
}

#[test]
fn a_schema_is_without_links_to_code() {
    let mut schema = json!({
        "description": "As in [`Tier`].", "pattern": "^[^`]+$",
        "oneOf": [{"const": "a", "description": "What [`Grants`] has."}, {"enum": ["[`b`]", 1]}],
    });
    without_links(&mut schema);
    let expected = json!({
        "description": "As in `Tier`.", "pattern": "^[^`]+$",
        "oneOf": [{"const": "a", "description": "What `Grants` has."}, {"enum": ["`b`", 1]}],
    });
    assert_eq!(schema, expected, "a text without a link stays as it is");
}

/// Nothing new is made by a version that was removed, unless there is no other.
#[test]
fn a_removed_version_is_chosen_last() {
    let version = |version: &str, is_removed: bool| {
        let removed = "default: true\nstatus: removed\ndeprecation: { reason: It leaks. }";
        let text = TEXT.replace("version: 1.0.0", &format!("version: {version}"));
        if is_removed { text.replace("default: true", removed) } else { text }
    };
    for (removed, wanted, expected, reason) in [
        (&["2.0.0"][..], None, "1.1.0", "the highest that is left"),
        (&["1.1.0", "2.0.0"], None, "1.0.0", "further down"),
        (&["1.0.0"], None, "2.0.0", "an older one that was removed matters to nobody"),
        (&["2.0.0"], Some("2.0.0"), "2.0.0", "there is no other that the request admits"),
        (&["1.0.0", "1.1.0", "2.0.0"], None, "2.0.0", "nor any at all: it hears of the highest"),
    ] {
        let documents = ["1.0.0", "1.1.0", "2.0.0"].map(|number| version(number, removed.contains(&number)));
        let catalogue = Catalogue::of_documents(documents.iter().map(|text| ("x", text.as_str()))).expect(reason);
        let wanted = wanted.map(|wanted| wanted.parse().expect("a constraint"));
        let path = catalogue.path(None, wanted.as_ref()).expect(reason);
        assert_eq!(path.version.to_string(), expected, "{reason}");
    }
}

#[test]
fn what_a_version_says_of_its_end_and_its_followers_is_found() {
    let ending = "default: true\nstatus: deprecated\ndeprecation: { reason: It is old., removal: 2027-01-01 }";
    let old = TEXT.replace("default: true", ending);
    let (next, last) =
        (TEXT.replace("version: 1.0.0", "version: 1.1.0"), TEXT.replace("version: 1.0.0", "version: 2.0.0"));
    let other = TEXT.replace("version: 1.0.0", "version: 3.0.0").replace("name: team-standard\n", "name: own\n");
    let other = other.replace("default: true", "default: false");
    let documents = [&last, &old, &next, &other].map(|text| ("x", text.as_str()));
    let catalogue = Catalogue::of_documents(documents).expect("a catalogue");
    let id = |version: &str| PathVersion {
        name: "team-standard".into(),
        version: version.parse().expect("a version"),
        digest: String::new(),
    };
    for (version, today, notice, newer, reason) in [
        ("1.0.0", "2026-12-31", Some("catalogue.deprecated"), &["1.1.0", "2.0.0"][..], "two follow"),
        ("1.0.0", "2027-01-01", Some("catalogue.removed"), &["1.1.0", "2.0.0"], "its last day is over"),
        ("1.1.0", "2027-01-01", None, &["2.0.0"], "neither itself nor an older one is newer"),
        ("2.0.0", "2027-01-01", None, &[], "nor another path's"),
        ("0.9.0", "2027-01-01", None, &["1.0.0", "1.1.0", "2.0.0"], "one that is gone says nothing of itself"),
    ] {
        let found = catalogue.notice(&id(version), today.parse().expect("a date"));
        assert_eq!(found.map(|problem| problem.code), notice, "{version}: {reason}");
        let of = id(version);
        let found: Vec<String> = catalogue.newer(&of).map(|path| path.version.to_string()).collect();
        assert_eq!(found, newer, "{version}: {reason}");
    }
}
