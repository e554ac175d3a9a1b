use super::*;
use proptest::prelude::*;

fn number(text: &str) -> Number {
    text.parse().unwrap()
}

#[test]
fn equal_numbers_have_one_text() {
    let cases = [
        ("1.0", "1", "a fraction of zero"),
        ("1e0", "1", "an exponent of zero"),
        ("+007", "7", "a sign and leading zeros"),
        ("-0", "0", "zero has no sign"),
        ("0.000e99", "0", "zero has no exponent"),
        ("12.500", "12.5", "trailing zeros"),
        ("125e-1", "12.5", "a negative exponent"),
        ("1.25e3", "1250", "a point moved beyond the digits"),
        (".5", "0.5", "no whole part"),
        ("5.", "5", "no fraction"),
        ("-1e-3", "-0.001", "zeros after the point"),
        ("18446744073709551615", "18446744073709551615", "beyond i64"),
        ("123456789012345678901234567890.1", "123456789012345678901234567890.1", "beyond f64"),
        ("9223372036854775808e0", "9223372036854775808", "one more than i64 holds"),
    ];
    for (text, canonical, reason) in cases {
        assert_eq!(number(text).to_string(), canonical, "{reason}");
        assert_eq!(number(text), number(canonical), "{reason}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for text in
        ["", "-", ".", "e5", "1e", "1e+", "0x10", "1_000", "one", "1.2.3", "--1", "+-1", "1e5.0", "NaN", "\u{661}"]
    {
        assert!(matches!(text.parse::<Number>(), Err(NumberError::Syntax(_))), "{text:?}");
    }
    for text in ["inf", "-Inf", "Infinity"] {
        assert_eq!(text.parse::<Number>(), Err(NumberError::NotFinite), "{text:?}");
    }
    for text in ["1e999999999", "1e-999999999", "1e99999999999999999999", "-3e1200"] {
        assert_eq!(
            text.parse::<Number>(),
            Err(NumberError::TooLong),
            "{text:?}: a few bytes must not become megabytes"
        );
    }
}

#[test]
fn floats_are_exact_or_short_as_asked() {
    assert_eq!(Number::try_from(0.1).unwrap(), number("0.1"), "what a person wrote");
    let exact = Number::exact(0.1).unwrap().to_string();
    assert_eq!(exact, "0.1000000000000000055511151231257827021181583404541015625", "what the float is");
    assert_eq!(Number::exact(1e23).unwrap(), number("99999999999999991611392"), "large floats are whole");
    assert!(Number::exact(f64::MIN_POSITIVE / 4.0).unwrap().to_string().len() > 750, "the smallest have many digits");
    assert_eq!(Number::exact(f64::INFINITY), Err(NumberError::NotFinite));
}

#[test]
fn order_is_that_of_numbers() {
    let sorted = ["-1e30", "-10", "-9.5", "-9.25", "-0.1", "0", "0.05", "0.1", "0.15", "1", "9.9", "10", "1e30"];
    for (at, low) in sorted.iter().enumerate() {
        for high in &sorted[at + 1..] {
            assert!(number(low) < number(high), "{low} < {high}");
            assert!(number(high) > number(low), "{high} > {low}");
        }
    }
}

proptest! {
    #[test]
    fn text_round_trips(text in "-?[0-9]{1,80}(\\.[0-9]{1,80})?([eE][+-]?[0-9]{1,2})?") {
        let number = number(&text);
        prop_assert_eq!(&number, &number.to_string().parse().unwrap());
        let difference = (number.to_f64() - text.parse::<f64>().unwrap()).abs();
        prop_assert!(difference <= number.to_f64().abs() * 1e-15, "{} is not {}", number, text);
    }

    #[test]
    fn floats_round_trip(float in any::<f64>()) {
        prop_assume!(float.is_finite());
        prop_assert_eq!(Number::exact(float).unwrap().to_f64(), float);
        prop_assert_eq!(Number::try_from(float).unwrap().to_f64(), float);
    }

    #[test]
    fn integers_keep_their_order(a in any::<i128>(), b in any::<i128>()) {
        prop_assert_eq!(Number::from(a).cmp(&Number::from(b)), a.cmp(&b));
        prop_assert_eq!(Number::from(a).as_i128(), Some(a));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,20}") {
        let _ = text.parse::<Number>();
    }
}
