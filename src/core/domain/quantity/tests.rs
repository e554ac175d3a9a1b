use super::*;

fn q(text: &str) -> Quantity {
    text.parse().expect(text)
}

#[test]
fn equal_values_have_one_canonical_text() {
    for (written, canonical, reason) in [
        ("1000m", "1", "milli to whole"),
        ("0.5", "500m", "a fraction is milli"),
        ("1500m", "1500m", "no fraction in canonical text"),
        ("1e3", "1k", "exponent"),
        ("12E2", "1200", "an upper-case exponent with digits"),
        ("1E", "1E", "E alone is exa"),
        ("1Ei", "1Ei", "the largest binary suffix"),
        ("64Gi", "64Gi", "binary stays binary"),
        ("65536Mi", "64Gi", "the largest binary suffix that leaves a whole number"),
        ("68719476736", "64Gi", "plain bytes"),
        ("1.5Gi", "1536Mi", "a fraction of a binary unit"),
        ("1024", "1024", "a count never reads 1Ki"),
        ("1Ki", "1024", "and so does one written as Ki"),
        ("1G", "1G", "decimal stays decimal"),
        ("128974848", "123Mi", "from the documentation of Kubernetes"),
        ("100n", "100n", "nano"),
        ("100u", "100u", "micro"),
        ("0.1n", "1n", "finer than a nano is rounded away from zero, as ParseQuantity does"),
        ("10e-10", "1n", "exactly a nano is not rounded"),
        ("11e-10", "2n", "what is above it is"),
        ("1.00000000000000000000000000000000001", "1000000001n", "36 digits"),
        (
            "0.00000000000000000000000000140000000000000000001Ei",
            "2n",
            "digits that nearly fill the number they are kept in",
        ),
        ("-1", "-1", "negative"),
        ("+5", "5", "a plus sign"),
        (".5", "500m", "no leading zero"),
        ("5.", "5", "no fraction after the point"),
        ("000", "0", "zeros"),
        ("0Gi", "0", "zero has no unit"),
        ("9223372036854775807", "9223372036854775807", "2^63-1"),
    ] {
        assert_eq!(q(written).to_string(), canonical, "{written}: {reason}");
        assert_eq!(q(written).original(), written, "{reason}");
        assert_eq!(q(canonical), q(written), "the canonical text is the same value: {reason}");
    }
}

#[test]
fn what_is_no_quantity_is_refused() {
    for (text, reason) in [
        ("", "nothing"),
        (".", "no digit"),
        ("-", "a sign alone"),
        ("1 Gi", "a space"),
        ("1gi", "suffixes have a case"),
        ("1K", "kilo is a small k"),
        ("1KiB", "bytes are not written"),
        ("1.2.3", "two points"),
        ("1e", "an exponent without digits"),
        ("1e+", "an exponent without digits"),
        ("0x10", "no hexadecimal"),
        ("four", "no words"),
        ("9223372036854775808", "above 2^63-1"),
        ("8Ei", "2^63"),
        ("1e99", "far too large"),
        ("1.000000000000000000000000000000000001", "37 digits"),
        ("1e003", "an exponent of three digits"),
    ] {
        assert!(text.parse::<Quantity>().is_err(), "{text:?}: {reason}");
    }
}

#[test]
fn arithmetic_is_exact() {
    assert_eq!(q("100m").checked_add(&q("0.9")), Some(q("1")));
    assert_eq!(q("1Gi").checked_sub(&q("1")).map(|r| r.to_string()), Some("1073741823".into()));
    assert_eq!(q("1").checked_sub(&q("1001m")), None, "no negative share");
    assert_eq!(q("9223372036854775807").checked_add(&q("1")), None, "out of range");
    assert_eq!(q("32").percent(33), Some(q("10560m")));
    assert_eq!(q("64Gi").scale(&q("40Gi"), &q("32Gi")), Some(q("80Gi")));
    assert_eq!(q("7").scale(&q("0"), &q("0")), None);
    assert_eq!(q("64Gi").share(3, &q("1Mi")), q("21845Mi"));
    assert_eq!(q("10").share(3, &q("1")), q("3"));
    assert_eq!(q("1").share(3, &q("1m")), q("333m"));
    assert_eq!(q("1").min(q("999m")), q("999m"));
    assert!(!q("1500m").is_whole() && q("2").is_whole());
}

#[test]
fn serde_keeps_what_was_written_and_takes_plain_numbers() {
    for (json, written, reason) in [
        (r#""1000m""#, "1000m", "a string"),
        ("4", "4", "a number"),
        ("0.5", "0.5", "a decimal number"),
        ("4.0", "4.0", "arbitrary precision keeps the text"),
    ] {
        let quantity: Quantity = serde_json::from_str(json).expect(reason);
        assert_eq!(quantity.original(), written, "{reason}");
        assert_eq!(serde_json::to_string(&quantity).expect(reason), format!("{written:?}"));
    }
    let wrong = serde_json::from_str::<Quantity>("true").map_err(|error| error.to_string());
    assert!(
        wrong.as_ref().is_err_and(|error| error.contains("expected a quantity such as 500m, 4, 64Gi")),
        "{wrong:?}"
    );
    assert!(serde_json::from_str::<Quantity>(r#"{"a":1}"#).is_err());
}

/// Editors take what is read.
#[test]
fn the_schema_takes_strings_and_numbers() {
    assert_eq!(schemars::schema_for!(Quantity).to_value()["type"], serde_json::json!(["string", "number"]));
}
