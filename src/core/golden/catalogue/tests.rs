use super::*;
use crate::domain::{PersonaName, TierClass};

const TEXT: &str = include_str!("../paths/team-standard-1.0.0.yaml");

#[test]
fn the_embedded_path_is_sound_and_the_default() {
    let catalogue = Catalogue::with_documents([]).expect("the embedded documents parse");
    let path = catalogue.path(None).expect("there is a default");
    assert_eq!((path.name.as_str(), path.version.to_string().as_str()), ("team-standard", "1.0.0"));
    assert_eq!(path.digest.len(), 64);
    let classes: Vec<TierClass> = path.tiers.values().map(|tier| tier.class).collect();
    assert_eq!(classes, [TierClass::Dev, TierClass::Prod, TierClass::Staging]);
    let prod = &path.tiers[&"prod".parse().expect("a name")];
    assert_eq!(prod.roles[&PersonaName::Developer], PersonaName::Viewer, "people look at production");
    assert!(!prod.grants.egress_cidrs.contains(&"0.0.0.0/0".to_owned()), "the merge key is overridden");
    assert!(prod.grants.actions.contains(&"s3:*".to_owned()), "the merge key is read");
    assert_eq!(*Catalogue::embedded(), catalogue);
    let read = parse("as people read it", TEXT).expect("parses");
    assert_eq!(catalogue.paths(), [Arc::new(read)], "what the build made of it is what it says");
}

#[test]
fn the_digest_is_of_the_content() {
    let digest = |text: &str| parse("x", text).expect("parses").digest;
    assert_eq!(digest(TEXT), digest(&format!("# a comment\n{TEXT}")), "comments move nothing");
    assert_ne!(digest(TEXT), digest(&TEXT.replace("pods: \"40\"", "pods: \"41\"")));
}

#[test]
fn the_highest_version_of_a_name_counts() {
    let newer = TEXT.replace("version: 1.0.0", "version: 1.10.0");
    let older = TEXT.replace("version: 1.0.0", "version: 1.9.0");
    let other = TEXT.replace("name: team-standard", "name: data-team").replace("default: true", "default: false");
    let catalogue = Catalogue::with_documents([("a", newer.as_str()), ("b", older.as_str()), ("c", other.as_str())])
        .expect("three more");
    assert_eq!(catalogue.path(None).expect("default").version.to_string(), "1.10.0", "as numbers, not as text");
    assert_eq!(catalogue.path(Some("data-team")).expect("named").name, "data-team");
    let unknown = catalogue.path(Some("nope")).expect_err("unknown");
    assert_eq!(unknown.field, ["golden_path"]);
    assert!(unknown.detail.contains("data-team, team-standard"), "{}", unknown.detail);
    let tier = catalogue.terms(None, &"qa".parse().expect("a name")).expect_err("unknown");
    assert_eq!(tier.field, ["tier"]);
}

#[test]
fn wrong_documents_are_refused() {
    for (from, to, words, reason) in [
        ("version: 1.0.0", "version: 1.0.0", "in the catalogue already", "a name and version twice"),
        ("name: team-standard", "name: other", "second default", "two defaults"),
        ("version: 1.0.0", "version: \"1.0\"", "major.minor.patch", "no version"),
        ("bound_factor: 4", "bound_factr: 4", "bound_factr", "an unknown field is not ignored"),
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
        ("requests.cpu: \"16\"", "request.cpu: \"16\"", "not a resource", "a misspelt resource"),
        ("egress_presets: [same_environment]", "egress_presets: [nope]", "not defined", "an unknown preset"),
        ("max_session_seconds: 3600", "max_session_seconds: 60", "43200", "a session too short for IAM"),
        ("iam_path: /goldenpath/", "iam_path: /", "iam_path", "outside of our path"),
        ("tiers:", "tiers: []\nold:", "", "no tiers"),
    ] {
        assert!(TEXT.contains(from), "{from} is in the document");
        let text = TEXT.replacen(from, to, 1);
        let error = Catalogue::with_documents([("x.yaml", text.as_str())]).expect_err(reason).to_string();
        assert!(error.contains(words) && error.starts_with("x.yaml"), "{reason}: {error}");
    }
}
