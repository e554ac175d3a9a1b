//! One file's text.

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What messages about it call it.
    pub name: String,
    pub text: String,
}
