//! A list, a map or a flag that may be left out of a request.
//!
//! Left out it means the empty one, and a plan shows nothing of it. What was written is kept as it was, also when it is empty, so
//! that an import gives it back.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Deref;

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Given<T> {
    value: T,
    is_written: bool,
}

impl<T> From<T> for Given<T> {
    fn from(value: T) -> Self {
        Self { value, is_written: true }
    }
}

impl<T> Given<T> {
    /// Also as an empty one.
    pub fn is_written(&self) -> bool {
        self.is_written
    }

    pub fn into_value(self) -> T {
        self.value
    }
}

impl<'a, T> IntoIterator for &'a Given<T>
where
    &'a T: IntoIterator,
{
    type Item = <&'a T as IntoIterator>::Item;
    type IntoIter = <&'a T as IntoIterator>::IntoIter;
    fn into_iter(self) -> Self::IntoIter {
        self.value.into_iter()
    }
}

impl<T> Deref for Given<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map(Self::from).unwrap_or_default())
    }
}

impl<T: Serialize> Serialize for Given<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.is_written.then_some(&self.value).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_comes_back_and_nothing_else() {
        for (text, value, reason) in [
            ("null", vec![], "left out"),
            ("[]", vec![], "written, and empty"),
            (r#"["a"]"#, vec!["a".to_owned()], "written"),
        ] {
            let read: Given<Vec<String>> = serde_json::from_str(text).expect(reason);
            assert_eq!(*read, value, "{reason}");
            assert_eq!(serde_json::to_string(&read).expect(reason), text, "{reason}");
        }
    }
}
