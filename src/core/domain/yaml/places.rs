//! Where in a document's text a field stands, for messages about it. Read only once something is wrong.

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Location, Spanned};
use std::{collections::BTreeMap, fmt};

/// Line and column, both from 1.
pub type Position = (usize, usize);

/// A document as nothing but the places of its fields.
pub(super) struct Whole(Spanned<Places>);

#[derive(Default)]
struct Places(BTreeMap<String, Field>);

struct Field {
    /// Of the key, if it is of a mapping.
    key: Option<Position>,
    value: Spanned<Places>,
}

// === impl Whole ===

impl Whole {
    /// `None` is no YAML.
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_saphyr::from_str(text).ok().map(Self)
    }

    /// Of the field, or of the innermost field around it that the text has.
    pub(super) fn position(&self, field: &[String]) -> Option<Position> {
        let (key, value) = self.find(field);
        match (key, value) {
            // A mapping or a list that begins below its key is meant as a whole.
            (Some(key), Some(value)) if key.0 != value.0 => Some(key),
            _ => value,
        }
    }

    /// Of the field's name, where it has one.
    pub(super) fn key(&self, field: &[String]) -> Option<Position> {
        let (key, value) = self.find(field);
        key.or(value)
    }

    fn find(&self, field: &[String]) -> (Option<Position>, Option<Position>) {
        let (mut at, mut key) = (&self.0, None);
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
        (key, position_of(at.referenced))
    }
}

/// The library's own places are 0 where it knows none.
pub(super) fn position_of(at: Location) -> Option<Position> {
    (at.line() > 0).then(|| (at.line() as usize, at.column() as usize))
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
            places.0.insert(name.value, Field { key: position_of(name.referenced), value: map.next_value()? });
        }
        Ok(places)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Places, A::Error> {
        let mut places = Places::default();
        while let Some(item) = seq.next_element()? {
            places.0.insert(places.0.len().to_string(), Field { key: None, value: item });
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
            let whole = Whole::read(text).unwrap();
            assert_eq!(whole.position(&field), expected, "{reason}");
        }
        assert!(Whole::read("a: [").is_none(), "no YAML at all");
    }
}
