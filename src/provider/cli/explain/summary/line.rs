//! A line of the head: pieces of our own and pieces of data, so that each form can quote data in its own way.

#[derive(Clone)]
pub enum Piece {
    Ours(String),
    Data(String),
}

impl Piece {
    pub fn text(&self) -> &str {
        match self {
            Self::Ours(text) | Self::Data(text) => text,
        }
    }
}

pub struct Line {
    /// What it is about: `lost`, `access`, `change`, ...
    pub topic: &'static str,
    pub pieces: Vec<Piece>,
}

/// How many are named of what is alike.
const NAMED: usize = 3;
/// Bytes of a piece of data, which a head may be full of.
const PIECE: usize = 120;

pub fn ours(text: impl Into<String>) -> Piece {
    Piece::Ours(text.into())
}

pub fn data(text: &str) -> Piece {
    Piece::Data(text.to_owned())
}

fn clip(piece: Piece) -> Piece {
    match piece {
        Piece::Data(text) if text.len() > PIECE => {
            let end = (0..=PIECE).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            Piece::Data(format!("{}...", &text[..end]))
        }
        piece => piece,
    }
}

/// The first few, and how many more there are.
pub fn some(topic: &'static str, most: usize, mut all: Vec<Vec<Piece>>) -> Vec<Line> {
    if all.len() > most {
        let more = all.len() + 1 - most;
        all.truncate(most - 1);
        all.push(vec![ours(format!("and {more} more of this kind below"))]);
    }
    all.into_iter().map(|pieces| Line { topic, pieces: pieces.into_iter().map(clip).collect() }).collect()
}

/// `in a`, or `in 30 environments: a, b, c and 27 more`
pub fn places(all: &[&str]) -> Vec<Piece> {
    let mut places = all.to_vec();
    places.sort_unstable();
    places.dedup();
    match places[..] {
        [one] => vec![ours(" in "), data(one)],
        _ => {
            let named = places.iter().map(|place| vec![data(place)]).collect();
            [vec![ours(format!(" in {} environments: ", places.len()))], list(named)].concat()
        }
    }
}

/// `a, b, c and 27 more`
pub fn list(all: Vec<Vec<Piece>>) -> Vec<Piece> {
    let more = all.len().saturating_sub(NAMED);
    let mut pieces = vec![];
    for (at, one) in all.into_iter().take(NAMED).enumerate() {
        if at > 0 {
            pieces.push(ours(", "));
        }
        pieces.extend(one);
    }
    if more > 0 {
        pieces.push(ours(format!(" and {more} more")));
    }
    pieces
}
