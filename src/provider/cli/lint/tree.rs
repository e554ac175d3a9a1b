//! A configuration as far as it is certain what is written where, whatever its syntax.

use serde::Serialize;

pub struct Block {
    /// `resource`, `data` or `provider`.
    pub block: String,
    /// The type, or the provider's name.
    pub name: String,
    /// `None` for a provider.
    pub label: Option<String>,
    pub body: Vec<Member>,
}

pub struct Member {
    /// `None` where it takes an evaluation to know.
    pub name: Option<String>,
    pub line: usize,
    pub value: Node,
}

pub enum Node {
    Object(Vec<Member>),
    List(Vec<Node>),
    /// One of them, or all of them joined: each stands at the same place.
    Joined(Vec<Node>),
    /// A scalar, or what is decided elsewhere.
    Opaque,
}

#[derive(Debug, Serialize)]
pub struct Unreadable {
    /// 0: of no line.
    pub line: usize,
    pub message: String,
}

/// Lines of byte offsets.
pub struct Lines(Vec<usize>);

impl Lines {
    pub fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    pub fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}
