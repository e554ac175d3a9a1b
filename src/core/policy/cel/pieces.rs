//! The text of an expression in pieces, as the parser's lexer takes it apart: a quotation mark in a comment begins no text, and what
//! stands in a text or a comment is neither a name nor a bracket.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A name or a number.
    Word,
    /// With its quotation marks and what is before them: `r'\d'`.
    Text,
    Comment,
    /// Any other character.
    Mark,
}

pub fn pieces(expression: &str) -> impl Iterator<Item = (Piece, &str)> {
    let mut rest = expression;
    std::iter::from_fn(move || {
        let (piece, length) = first(rest)?;
        let (text, left) = rest.split_at(length);
        rest = left;
        Some((piece, text))
    })
}

fn first(rest: &str) -> Option<(Piece, usize)> {
    let c = rest.chars().next()?;
    if rest.starts_with("//") {
        return Some((Piece::Comment, rest.find('\n').unwrap_or(rest.len())));
    }
    if let Some(length) = text(rest) {
        return Some((Piece::Text, length));
    }
    let is_other = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    Some(match rest.find(is_other).unwrap_or(rest.len()) {
        // A field whose name is none of CEL: x.`a-b`.
        0 if c == '`' => (Piece::Word, rest[1..].find('`').map_or(rest.len(), |end| end + 2)),
        0 => (Piece::Mark, c.len_utf8()),
        word => (Piece::Word, word),
    })
}

/// How long the text is that begins here. One without an end is refused by the parser.
fn text(rest: &str) -> Option<usize> {
    let prefix = rest.bytes().take(2).take_while(|b| b"bBrR".contains(b)).count();
    let is_raw = match rest[..prefix].to_ascii_lowercase().as_str() {
        "" | "b" => false,
        "r" | "br" => true,
        _ => return None,
    };
    let quote = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quote| rest[prefix..].starts_with(quote))?;
    let mut inside = rest[prefix + quote.len()..].chars();
    while !inside.as_str().is_empty() {
        if let Some(behind) = inside.as_str().strip_prefix(quote) {
            return Some(rest.len() - behind.len());
        }
        if inside.next() == Some('\\') && !is_raw {
            inside.next();
        }
    }
    Some(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words in angle brackets, `T` for a text, `C` for a comment, and marks as they are.
    fn shown(expression: &str) -> String {
        let shown = |(piece, text): (Piece, &str)| match piece {
            Piece::Word => format!("<{text}>"),
            Piece::Text => "T".to_owned(),
            Piece::Comment => "C".to_owned(),
            Piece::Mark => text.to_owned(),
        };
        pieces(expression).map(shown).collect()
    }

    #[test]
    fn texts_and_comments_are_those_of_the_parser() {
        for (expression, expected, reason) in [
            ("a.b_1 + (2)", "<a>.<b_1> + (<2>)", "names and numbers"),
            ("'it\"s' + \"it's\" + ''", "T + T + T", "the other quotation mark ends nothing"),
            (r"'it\'s' (", "T (", "nor does an escaped one"),
            (r"'a\\' + (b)", "T + (<b>)", "a backslash that is escaped"),
            (r"r'\' + (a)", "T + (<a>)", "nothing is escaped in a raw text"),
            (r"[R'\', b'\'', Br'\'] (", "[T, T, T] (", "nor in raw bytes"),
            ("bar'x' (", "<bar>T (", "a name that begins like one"),
            ("rb'x' (", "<rb>T (", "no text begins so"),
            ("'''it's\n(''' (", "T (", "three of them"),
            ("\"\"\"it\"s\"\"\" (", "T (", "of both kinds"),
            ("'é\\é' + é", "T + é", "characters of several bytes"),
            ("a // don't\n + b", "<a> C\n + <b>", "a quotation mark in a comment"),
            ("a // the end", "<a> C", "a comment at the end"),
            ("'// no' / a", "T / <a>", "no comment"),
            ("m.`a//b-c'` (", "<m>.<`a//b-c'`> (", "a field in backticks"),
            ("a + 'no end (", "<a> + T", "without an end"),
            ("a + '\\", "<a> + T", "nor anything to escape"),
            ("a + `(", "<a> + <`(>", "a field without an end"),
        ] {
            assert_eq!(shown(expression), expected, "{expression}: {reason}");
        }
    }
}
