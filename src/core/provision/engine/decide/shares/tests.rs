use super::*;

fn cpu(amount: &str) -> Amounts {
    let key = (QuotaPart::Own, "requests.cpu".to_owned());
    Amounts::from([(key, amount.parse().expect("an amount"))])
}

#[test]
fn a_total_covers_what_is_recorded() {
    let recorded = || BTreeMap::from([("api".to_owned(), cpu("2")), ("web".to_owned(), cpu("1500m"))]);
    let id = Id::from("demo/pay".parse::<EnvironmentId>().expect("an id"));
    for (total, expected, reason) in [
        ("4", None, "more than they hold"),
        ("3500m", None, "just what they hold"),
        ("3", Some("api 2, web 1500m"), "less, with the names"),
    ] {
        let found = below(&id, &Lowered { parts: cpu(total), recorded: recorded() });
        assert_eq!(found.first().is_some_and(|found| found.is_error()), expected.is_some(), "{reason}");
        assert!(found.iter().all(|found| found.detail.contains(expected.unwrap_or_default())), "{reason}: {found:?}");
    }
}

#[test]
fn only_what_can_never_fit_is_refused() {
    type Row = (&'static str, Option<Amounts>, Option<Amounts>);
    let cpu = |amount: &str| Some(cpu(amount));
    let cases: [(&str, Vec<Row>, Option<&str>); 9] = [
        ("it fits", vec![("a", None, cpu("4")), ("b", cpu("6"), None)], None),
        ("alone too large: refused by rendering", vec![("a", None, cpu("10500m"))], None),
        (
            "another one may still shrink in this run",
            vec![("a", None, cpu("6")), ("b", cpu("6"), None)],
            Some("slot.shares_over_total"),
        ),
        ("the other one is planned to shrink", vec![("a", None, cpu("6")), ("b", cpu("6"), cpu("4"))], None),
        ("the other one goes", vec![("a", None, cpu("6")), ("b", cpu("6"), Some(Amounts::new()))], None),
        (
            "both stay as large as they are planned",
            vec![("a", cpu("6"), cpu("6")), ("b", cpu("3"), cpu("7"))],
            Some("slot.shares_exceed_total"),
        ),
        ("it shrinks in this run", vec![("a", cpu("6"), cpu("6")), ("b", cpu("7"), cpu("3"))], None),
        (
            "two new ones are too much together",
            vec![("a", None, cpu("6")), ("b", None, cpu("6"))],
            Some("slot.shares_exceed_total"),
        ),
        (
            "isolated slots have a part of their own",
            vec![
                ("a", None, cpu("6")),
                ("b", None, Some(Amounts::from([((QuotaPart::Slots, "requests.cpu".to_owned()), Quantity::whole(6))]))),
            ],
            None,
        ),
    ];
    let parts = cpu("10").unwrap_or_default();
    for (reason, rows, expected) in cases {
        let claims = rows
            .into_iter()
            .map(|(slot, recorded, planned)| (slot.to_owned(), ShareClaim { recorded, planned }))
            .collect();
        let problems = judge("a", &claims, &parts, "demo/pay");
        assert_eq!(problems.first().map(|p| p.code), expected, "{reason}");
    }
}

#[test]
fn apply_waits_while_what_is_recorded_is_over() {
    for (own, other, waits, reason) in [("4", "6", false, "exactly full"), ("5", "6", true, "one too many")] {
        let recorded = BTreeMap::from([("a".to_owned(), cpu("9")), ("b".to_owned(), cpu(other))]);
        let over = over("a", &cpu(own), &recorded, &cpu("10"));
        assert_eq!(over.is_some(), waits, "{reason}: its own recorded share does not count");
    }
}
