use super::*;
use crate::{
    golden::Catalogue,
    provision::engine::{
        fixtures::{environment, facts, ground, record, rendered, slot},
        gather::Found,
        request::ChangeRequest,
    },
};
use serde_json::json;

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
    let cases: [(&str, Vec<Row>, Option<&str>); 10] = [
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
        ("it shrinks where they hold too much already", vec![("a", cpu("6"), cpu("5")), ("b", cpu("8"), None)], None),
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

/// Of the own part of `requests.cpu`: what a slot holds of it, and what its update takes besides.
fn with_surge(held: &str, surge: &str) -> Amounts {
    let of = |part, amount: &str| ((part, "requests.cpu".to_owned()), amount.parse().expect("an amount"));
    Amounts::from([of(QuotaPart::Own, held), of(QuotaPart::Surge, surge)])
}

#[test]
fn the_largest_update_finds_room() {
    for (total, slots, expected, reason) in [
        ("4", vec![("a", "1", "333m"), ("b", "2", "500m")], None, "one CPU is left"),
        ("3500m", vec![("a", "1", "333m"), ("b", "2", "500m")], None, "just enough for the largest"),
        (
            "3400m",
            vec![("a", "1", "333m"), ("b", "2", "500m")],
            Some("b takes 500m more of requests.cpu"),
            "too little for it",
        ),
        (
            "4",
            vec![("a", "1", "333m"), ("b", "1", "333m"), ("c", "1", "333m"), ("d", "1", "333m")],
            Some("leave 0 of 4"),
            "four default slots of dev",
        ),
        ("2", vec![("a", "1", "333m"), ("b", "2", "500m")], Some("add up to"), "too much together is said instead"),
    ] {
        let held = |(slot, held, surge): &(&str, &str, &str)| ((*slot).to_owned(), with_surge(held, surge));
        let slots: BTreeMap<String, Amounts> = slots.iter().map(held).collect();
        let recorded = |amounts: &Amounts| ShareClaim { recorded: Some(amounts.clone()), planned: None };
        let mut claims: BTreeMap<String, ShareClaim> =
            slots.iter().map(|(slot, amounts)| (slot.clone(), recorded(amounts))).collect();
        claims.insert("a".to_owned(), ShareClaim { recorded: None, planned: slots.get("a").cloned() });
        let found = judge("a", &claims, &cpu(total), "demo/pay");
        assert_eq!(found.is_empty(), expected.is_none(), "{reason}: {found:?}");
        assert!(found.iter().all(|found| found.summary.contains(expected.unwrap_or_default())), "{reason}: {found:?}");
        assert!(found.iter().all(|found| !found.is_error()), "{reason}: {found:?}");

        let id = Id::from("demo/pay".parse::<EnvironmentId>().expect("an id"));
        let lowered = below(&id, &Lowered { parts: cpu(total), recorded: slots });
        let codes: Vec<(&str, bool)> = lowered.iter().map(|found| (found.code, found.is_error())).collect();
        let code = match expected {
            None => None,
            Some("add up to") => Some(("environment.total_below_shares", true)),
            Some(_) => Some(("environment.no_room_for_update", false)),
        };
        assert_eq!(codes, Vec::from_iter(code), "{reason}: who lowers the total hears it too");
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

#[test]
fn only_what_grows_has_to_find_room() {
    let (catalogue, pay) = (Catalogue::built_in(), environment("pay", json!({})));
    let parent = pay.parent_of(&facts().stable, &catalogue).and_then(Result::ok).expect("an environment");
    let of = |cpu: &str| slot("pay", "api", json!({"share": {"cpu": cpu, "memory": "1Gi"}}));
    for (before, after, expected, reason) in [
        (Some(("2", Phase::Ready)), "2", vec![], "as before"),
        (Some(("2", Phase::Ready)), "1", vec![], "less"),
        (Some(("2", Phase::Ready)), "3", vec!["requests.cpu"], "more of one resource"),
        (Some(("2", Phase::Changing)), "2", vec!["pods", "requests.cpu", "requests.memory"], "it was interrupted"),
        (None, "2", vec!["pods", "requests.cpu", "requests.memory"], "it is new"),
    ] {
        let new = of(after);
        let record = before.map(|(cpu, phase)| record("payments", phase, &of(cpu)));
        let inputs = Inputs {
            change: &ChangeRequest::of_spec(&new, None),
            ground: &ground(),
            blueprint: &rendered(&new, Some(&pay)),
            judged: &[],
            found: &Found::unread(),
            catalogue: &catalogue,
            bounds: &[],
            now: "",
        };
        let grown = growth(&inputs, record.as_ref(), &parent);
        let own = grown.keys().filter(|(part, _)| *part == QuotaPart::Own);
        assert_eq!(own.map(|(_, resource)| resource.as_str()).collect::<Vec<_>>(), expected, "{reason}");
    }
}

#[test]
fn what_is_over_says_how_much_and_what_makes_room() {
    let id = "demo/pay".parse::<EnvironmentId>().expect("an id");
    for (part, words, more) in [
        (QuotaPart::Own, "the environment's own part", "raise quota.total[\"requests.cpu\"] of the environment."),
        (
            QuotaPart::Slots,
            "the part of isolated slots",
            "raise quota.total[\"requests.cpu\"] or quota.slots_percent of the environment.",
        ),
    ] {
        let of =
            |amount: &str| Amounts::from([((part, "requests.cpu".to_owned()), amount.parse().expect("an amount"))]);
        let over = over("a", &of("5"), &BTreeMap::from([("b".to_owned(), of("6"))]), &of("10")).expect("too much");
        assert_eq!(over.to_string(), "requests.cpu 11 of 10");
        let found = still_over(&id, &over);
        let summary = format!("The shares of demo/pay add up to requests.cpu=11, more than {words}, 10");
        let refused = format!("{summary}: lower this share, or raise the total");
        assert_eq!((found.code, found.summary), ("slot.shares_exceed_total", refused));
        assert!(found.detail.ends_with(&format!("Lower this share, or {more}")), "{}", found.detail);
        let claim = |amount: &str| ShareClaim { recorded: None, planned: Some(of(amount)) };
        let claims = BTreeMap::from([("a".to_owned(), claim("5")), ("b".to_owned(), claim("6"))]);
        let planned = judge("a", &claims, &of("10"), "demo/pay").pop().expect("too much");
        assert_eq!(planned.summary, format!("{summary}: lower them, or raise the total"), "a plan says the same");
        assert_eq!(planned.detail, format!("Lower the shares, or {more}"));
        let recorded = BTreeMap::from([("a".to_owned(), of("11"))]);
        let lowered = below(&Id::from(id.clone()), &Lowered { parts: of("10"), recorded }).pop().expect("too low");
        let capital = words.replacen('t', "T", 1);
        let summary = format!(
            "{capital} of requests.cpu, 10, is less than what the slots of demo/pay hold: 11; lower their shares first"
        );
        assert_eq!(lowered.summary, summary);
    }
}
