//! An attribute that takes one of a few words: the variants of a domain type, whose names stand nowhere else.

use plugin::{
    Type,
    schema::{Attribute, optional},
    value::to_value,
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Visitor, value::Error as NoValue},
    forward_to_deserialize_any,
};

pub fn choice<T: for<'de> Deserialize<'de>>(name: &'static str) -> Attribute {
    optional(name, Type::String).one_of(words::<T>())
}

/// With the type's own default.
pub fn choice_or_default<T: for<'de> Deserialize<'de> + Serialize + Default>(name: &'static str) -> Attribute {
    choice::<T>(name).default(to_value(&T::default()))
}

/// All of them, for a description: "`a`, `b` or `c`".
pub fn word_list<T: for<'de> Deserialize<'de>>() -> String {
    let quoted: Vec<String> = words::<T>().iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => quoted.concat(),
    }
}

/// serde passes them to whoever reads an enum.
fn words<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut words: &[&str] = &[];
    // There is no value to read: the words are known by then.
    let _ = T::deserialize(Words(&mut words));
    words
}

struct Words<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Words<'_> {
    type Error = NoValue;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, NoValue> {
        *self.0 = variants;
        Err(NoValue::custom("no value"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, NoValue> {
        Err(NoValue::custom("not an enum"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::{word_list, words};
    use goldenpath_core::domain::{IdentityMode, NetworkEngine};

    #[test]
    fn words_are_the_variants_as_serde_writes_them() {
        assert_eq!(words::<IdentityMode>(), ["pod_identity", "irsa", "none"]);
        assert_eq!(words::<NetworkEngine>(), ["auto", "vpc_cni", "eks_auto", "cilium", "calico", "none"]);
        assert_eq!(words::<String>(), [""; 0], "no enum, no words");
        assert_eq!(word_list::<IdentityMode>(), "`pod_identity`, `irsa` or `none`");
    }
}
