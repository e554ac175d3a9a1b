//! One thing that was read.

use crate::domain::Problem;

pub enum Item<T> {
    Known(T),
    /// With why, as warnings; with none where a plan has no need to know. Never taken for "pass".
    Undecided(Vec<Problem>),
    Refused(Problem),
}

// === impl Item ===

impl<T> Item<T> {
    /// A plan of something that exists is made from state alone.
    pub fn unread() -> Self {
        Self::Undecided(vec![])
    }

    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Undecided(_) | Self::Refused(_) => None,
        }
    }

    /// What is to be said of it as long as it is not known.
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Known(_) => vec![],
            Self::Undecided(why) => why.clone(),
            Self::Refused(problem) => vec![problem.clone()],
        }
    }

    /// The error arm: what is to be said instead.
    pub fn into_result(self) -> Result<T, Vec<Problem>> {
        match self {
            Self::Known(value) => Ok(value),
            Self::Undecided(why) => Err(why),
            Self::Refused(problem) => Err(vec![problem]),
        }
    }
}

impl<T> From<Result<T, Problem>> for Item<T> {
    fn from(result: Result<T, Problem>) -> Self {
        match result {
            Ok(value) => Self::Known(value),
            Err(problem) => Self::Refused(problem),
        }
    }
}
