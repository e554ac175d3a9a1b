use super::*;
use plugin::schema::{example, with_defaults};

fn config_of(attributes: &[(&str, Value)]) -> Value {
    let schema = schema();
    let mut config = Value::map(schema.attributes.iter().map(|attribute| (attribute.name, Value::Null)));
    if let Value::Map(entries) = &mut config {
        entries.extend(attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    }
    with_defaults(&schema, &config)
}

fn empty() -> Value {
    Value::map::<String>([])
}

fn environment() -> FromEnvironment {
    FromEnvironment::read(|name| match name {
        "GOLDENPATH_SANDBOX" => Some("/env/sandbox.db".into()),
        "GOLDENPATH_CATALOGUE" => Some("/env/paths".into()),
        "GOLDENPATH_UNREACHABLE" => Some("assume_unchanged".into()),
        _ => None,
    })
}

#[test]
fn the_nearest_word_decides() {
    let path = |text: &str| Value::map([("path", Value::from(text))]);
    for (written, environment, expected, reason) in [
        (
            &[("sandbox", empty())][..],
            FromEnvironment::default(),
            SANDBOX_PATH,
            "a sandbox of no path is in its usual place",
        ),
        (&[("sandbox", path("x.db"))], FromEnvironment::default(), "x.db", "a path that is written"),
        (&[("sandbox", path("x.db"))], environment(), "x.db", "what is written goes before the environment"),
        (&[("sandbox", empty())], environment(), "/env/sandbox.db", "the environment fills a gap"),
        (&[], environment(), "/env/sandbox.db", "the environment alone, for pipelines"),
    ] {
        let found = resolve(&config_of(written), &environment).unwrap();
        let Target::Sandbox { path, .. } = found.target else { panic!("{reason}") };
        assert_eq!(path, PathBuf::from(expected), "{reason}");
    }
    let found = resolve(&config_of(&[]), &environment()).unwrap();
    let sources = vec![CatalogueSource::Folder("/env/paths".into())];
    assert_eq!((found.catalogue.sources, found.unreachable), (sources, Unreachable::AssumeUnchanged));
}

#[test]
fn an_unknown_part_is_undecided_and_never_an_error() {
    let unknown_path = Value::map([("path", Value::unknown())]);
    for (name, value, reason) in [
        ("sandbox", Value::unknown(), "the whole target"),
        ("sandbox", unknown_path, "its place"),
        ("offline", Value::unknown(), "the facts"),
        ("catalogue", Value::unknown(), "the golden paths"),
        ("unreachable", Value::unknown(), "what to do"),
    ] {
        let found = resolve(&config_of(&[(name, value)]), &environment());
        assert!(matches!(found, Err(Refused::Undecided)), "{name}: {reason}: {found:?}");
    }
}

#[test]
fn a_daemon_is_a_target_with_a_catalogue_of_its_own() {
    let daemon = || Value::map([("endpoint", Value::from("unix:///run/gp/d.sock"))]);
    let of = |pairs: &'static [(&str, &str)]| {
        FromEnvironment::read(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    };
    let folders = Value::List(vec!["./paths".into()]);
    for (written, environment, expected, reason) in [
        (vec![("daemon", daemon())], of(&[]), Ok("unix:///run/gp/d.sock"), "as it is written"),
        (vec![], of(&[("GOLDENPATH_DAEMON", "unix:///env.sock")]), Ok("unix:///env.sock"), "the environment alone"),
        (vec![("daemon", daemon())], of(&[("GOLDENPATH_SANDBOX", "x")]), Ok("unix:///run/gp/d.sock"), "it goes before"),
        (vec![("daemon", daemon()), ("sandbox", empty())], of(&[]), Err("daemon"), "two targets"),
        (vec![("daemon", daemon()), ("catalogue", folders)], of(&[]), Err("catalogue"), "golden paths of its client"),
        (vec![("daemon", daemon())], of(&[("GOLDENPATH_CATALOGUE", "x")]), Err(""), "or of the client's environment"),
        (vec![("daemon", daemon()), ("kubernetes", empty())], of(&[]), Err("kubernetes"), "a cluster of its client"),
        (vec![], of(&[("GOLDENPATH_DAEMON", "x")]), Err(""), "no endpoint"),
        (vec![], of(&[("GOLDENPATH_DAEMON", "unix:///x"), ("GOLDENPATH_AWS", "1")]), Err(""), "two in the environment"),
    ] {
        let config = config_of(&written);
        match (resolve(&config, &environment), expected) {
            (Ok(ProviderConfig { target: Target::Daemon(found), .. }), Ok(expected)) => {
                assert_eq!(found.endpoint.to_string(), expected, "{reason}");
                assert_eq!(
                    catalogue(&config, &environment),
                    None,
                    "{reason}: no rule of a golden path is checked here"
                );
            }
            (Err(Refused::Wrong(error)), Err(expected)) => {
                assert_eq!(error.path.to_string(), expected, "{reason}: {error:?}")
            }
            (found, expected) => panic!("{reason}: {found:?}, not {expected:?}"),
        }
    }
}

#[test]
fn no_target_and_two_targets_are_errors_with_the_choices() {
    let offline = example(&schema()).child("offline").clone();
    for (written, expected, reason) in [
        (&[][..], "No target", "nothing is assumed"),
        (&[("sandbox", empty()), ("offline", offline)], "Two targets", "one of them is a mistake"),
    ] {
        match resolve(&config_of(written), &FromEnvironment::default()) {
            Err(Refused::Wrong(error)) => {
                assert!(error.summary.contains(expected), "{reason}: {error:?}");
                assert!(
                    ["sandbox", "offline", "aws"].iter().all(|target| error.detail.contains(target)),
                    "{reason}: {error:?}"
                );
            }
            other => panic!("{reason}: {other:?}"),
        }
    }
}

#[test]
fn the_schema_reads_as_the_configuration() {
    let full = example(&schema());
    let only = |target: &[&str]| {
        let mut config = full.clone();
        if let Value::Map(attributes) = &mut config {
            for other in ["sandbox", "offline", "aws", "kubernetes", "daemon"] {
                if !target.contains(&other) {
                    attributes.insert(other.to_owned(), Value::Null);
                }
            }
        }
        resolve(&config, &FromEnvironment::default())
    };
    assert!(matches!(only(&["sandbox"]).unwrap().target, Target::Sandbox { .. }));
    assert!(matches!(only(&["offline"]).unwrap().target, Target::Offline(_)));
    let Target::Real { aws, kubernetes } = only(&["aws", "kubernetes"]).unwrap().target else {
        panic!("the real target")
    };
    assert_eq!(aws.region.as_deref(), Some("eu-west-1"));
    assert_eq!(aws.assume_role.map(|roles| roles.len()), Some(1));
    assert!(kubernetes.is_some_and(|kubernetes| kubernetes.context.is_some()));
    let alone = only(&["sandbox", "kubernetes"]);
    assert!(
        matches!(&alone, Err(Refused::Wrong(error)) if error.path == Path::attribute("kubernetes")),
        "a kubeconfig means nothing in a sandbox: {alone:?}"
    );
}

const GIT: &str = "git::https://host/a.git//paths?ref=0123456789abcdef0123456789abcdef01234567";

#[test]
fn a_source_that_moves_is_refused_where_it_is_written() {
    let sandbox = || ("sandbox", Value::map([("path", Value::from("/x.db"))]));
    let found = |source: &str, environment| {
        resolve(&config_of(&[sandbox(), ("catalogue", Value::List(vec![source.into()]))]), &environment)
    };
    let none = FromEnvironment::default;
    let sources = found(GIT, none()).unwrap().catalogue.sources;
    assert_eq!(sources.iter().map(ToString::to_string).collect::<Vec<_>>(), [GIT]);
    match found("git::https://host/a.git//paths?ref=v1.0.0", none()) {
        Err(Refused::Wrong(error)) => {
            assert_eq!(error.path.to_string(), "catalogue[0]");
            assert!(error.detail.contains("git rev-parse"), "{error:?}");
            assert_eq!(error.form_violation(), None, "{error:?}");
        }
        other => panic!("{other:?}"),
    }
    let of = |text: &'static str| FromEnvironment::read(|name| (name == "GOLDENPATH_CATALOGUE").then(|| text.into()));
    let moving = || of("paths:git::https://host/a.git?ref=main");
    assert!(found("/paths", moving()).is_ok(), "the block goes before it");
    match resolve(&config_of(&[sandbox()]), &moving()) {
        Err(Refused::Wrong(error)) => assert!(error.summary.contains("GOLDENPATH_CATALOGUE"), "{error:?}"),
        other => panic!("{other:?}"),
    }
}

/// What another client, or whoever started the process, has in its environment and its folder must not decide.
#[test]
fn clients_that_share_a_process_say_everything_themselves() {
    let shared = FromEnvironment { is_shared: true, ..FromEnvironment::default() };
    let object = |entries: &[(&str, &str)]| Value::map(entries.iter().map(|(name, text)| (*name, Value::from(*text))));
    let keys = [("access_key", "AKIA"), ("secret_key", "secret")];
    let in_region = |more: &[(&'static str, &'static str)]| object(&[&[("region", "eu-west-1")], more].concat());
    let identity = |file: &str| {
        let identity = object(&[("role_arn", "arn:aws:iam::111122223333:role/goldenpath"), ("token_file", file)]);
        Value::map([("region", Value::from("eu-west-1")), ("web_identity", identity)])
    };
    for (written, expected, reason) in [
        (vec![("sandbox", empty())], Some("sandbox.path"), "its usual place is in the folder of the process"),
        (vec![("sandbox", object(&[("path", "x.db")]))], Some("sandbox.path"), "so is a relative one"),
        (vec![("sandbox", object(&[("path", "/x.db")]))], None, "the same for everybody"),
        (vec![("aws", in_region(&[]))], Some("aws.access_key"), "AWS's own chain is that of the process"),
        (vec![("aws", in_region(&[("profile", "ops")]))], Some("aws.profile"), "so is the home"),
        (vec![("aws", object(&keys))], Some("aws.region"), "and the region"),
        (vec![("aws", in_region(&keys))], None, "keys of its own"),
        (vec![("aws", identity("token"))], Some("aws.web_identity.token_file"), "a relative file"),
        (vec![("aws", identity("/run/token"))], None, "a token of its own"),
        (vec![("aws", in_region(&keys)), ("kubernetes", empty())], Some("kubernetes.kubeconfig"), "kubectl's own"),
        (
            vec![("sandbox", object(&[("path", "/x.db")])), ("catalogue", Value::List(vec!["paths".into()]))],
            Some("catalogue[0]"),
            "golden paths of another folder",
        ),
        (
            vec![("sandbox", object(&[("path", "/x.db")])), ("catalogue", Value::List(vec![GIT.into()]))],
            Some("catalogue[0]"),
            "the credentials for git are those of the process",
        ),
    ] {
        let found = match resolve(&config_of(&written), &shared) {
            Err(Refused::Wrong(error)) => Some(error.path.to_string()),
            Err(Refused::Undecided) => panic!("{reason}"),
            Ok(config) => {
                assert!(!format!("{config:?}").contains("\"secret\""), "{reason}: secrets are not shown");
                None
            }
        };
        assert_eq!(found.as_deref(), expected, "{reason}");
    }
}

#[test]
fn the_environment_may_name_one_target() {
    let read = |pairs: &'static [(&str, &str)]| {
        let environment =
            FromEnvironment::read(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()));
        resolve(&config_of(&[]), &environment)
    };
    let found = read(&[("GOLDENPATH_AWS", "1"), ("GOLDENPATH_KUBE_CONTEXT", "main")]);
    assert!(matches!(found.unwrap().target, Target::Real { kubernetes: Some(_), .. }), "pipelines need no HCL");
    let both = read(&[("GOLDENPATH_AWS", "1"), ("GOLDENPATH_SANDBOX", "x.db")]);
    assert!(
        matches!(&both, Err(Refused::Wrong(error)) if error.summary.contains("Two targets")),
        "which of them is meant is anyone's guess: {both:?}"
    );
}
