//! Where in a document's text a field stands, for messages about it. Read only once something is wrong.

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::Spanned;
use std::{collections::BTreeMap, fmt};

/// Line and column, both from 1.
pub type Position = (u64, u64);

/// A document as nothing but the places of its fields.
#[derive(Default)]
struct Places(BTreeMap<String, Place>);

struct Place {
    /// Of the key, if it is of a mapping.
    key: Option<Position>,
    value: Spanned<Places>,
}

/// Of the field, or of the innermost field around it that the text has.
pub fn position(text: &str, field: &[String]) -> Option<Position> {
    let whole: Spanned<Places> = serde_saphyr::from_str(text).ok()?;
    let (mut at, mut key) = (&whole, None);
    for name in field {
        match at.value.0.get(name) {
            Some(inner) => (at, key) = (&inner.value, inner.key),
            None => {
                // Where it would be.
                key = None;
                break;
            }
        }
    }
    let place = at.referenced;
    let value = (place.line() > 0).then(|| (place.line(), place.column()));
    // A mapping or a list that begins below its key is meant as a whole.
    match (key, value) {
        (Some(key), Some(value)) if key.0 != value.0 => Some(key),
        _ => value,
    }
}

// === impl Places ===

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlacesVisitor)
    }
}

struct PlacesVisitor;

impl<'de> Visitor<'de> for PlacesVisitor {
    type Value = Places;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Places, A::Error> {
        let mut places = Places::default();
        while let Some(name) = map.next_key::<Spanned<String>>()? {
            let (line, column) = (name.referenced.line(), name.referenced.column());
            let key = (line > 0).then_some((line, column));
            places.0.insert(name.value, Place { key, value: map.next_value()? });
        }
        Ok(places)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Places, A::Error> {
        let mut places = Places::default();
        while let Some(item) = seq.next_element()? {
            places.0.insert(places.0.len().to_string(), Place { key: None, value: item });
        }
        Ok(places)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Places, D::Error> {
        Places::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Places, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Places::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_unit<E>(self) -> Result<Places, E> {
        Ok(Places::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_in_the_text() {
        let text = "# head\nname: x\ntiers:\n  dev: { class: dev, list: [1, two, {a: b}] }\n  prod:\n    class: *y\n";
        let text = &text.replace("class: *y", "class: prod");
        for (field, expected, reason) in [
            (&["name"][..], Some((2, 7)), "a value"),
            (&["tiers", "prod", "class"], Some((6, 12)), "an inner one"),
            (&["tiers", "dev", "list", "1"], Some((4, 32)), "an item of a list"),
            (&["tiers", "prod", "nope", "more"], Some((6, 5)), "what is missing is shown where it would be"),
            (&["tiers", "prod"], Some((5, 3)), "a mapping below its key"),
            (&["tiers", "dev"], Some((4, 8)), "a mapping beside its key"),
            (&[], Some((2, 1)), "the whole"),
        ] {
            let field: Vec<String> = field.iter().map(ToString::to_string).collect();
            assert_eq!(position(text, &field), expected, "{reason}");
        }
        assert_eq!(position("a: [", &[]), None, "no YAML at all");
    }
}
