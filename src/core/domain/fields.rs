//! The fields of one object that we own or may own, as a sorted list of (path, canonical text).
//!
//! Everything that compares objects works on this list and never on documents: diff, digest, line, drift and conflict
//! messages. It is one string inside, and shared, because a refresh holds one list for each object of a cluster, and a
//! daemon gives it to several clients.

use std::{fmt, sync::Arc};

/// Who holds a field's value in the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder<'a> {
    /// The manager `goldenpath` set it (or, for a grant that we own whole, it counts as ours whoever set it). Our other
    /// managers, `goldenpath-<slot>`, are named in `Applied`: an environment must not take a slot's annotation for its own.
    Us,
    /// Another manager set it by declaring it (server-side apply): taking it over would start a fight.
    Applied(&'a str),
    /// Another manager changed it in passing (`kubectl edit`, a patch): drift that may be healed.
    Edited(&'a str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// A JSON pointer (RFC 6901) into the object: `/spec/hard/requests.cpu`, `/metadata/labels/goldenpath.internal~1team`.
    pub path: &'a str,
    /// Canonical: quantities normalised, policy documents by meaning, lists that are sets sorted. Anything that is not a
    /// plain scalar is compact JSON.
    pub text: &'a str,
    pub holder: Holder<'a>,
}

/// Sorted by path, each path once.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Arc<str>);

/// Neither occurs in a path or a text: control characters are escaped in JSON and refused in names.
const COLUMN: char = '\u{1f}';
const ROW: char = '\u{1e}';

impl Fields {
    pub fn iter(&self) -> impl Iterator<Item = Field<'_>> {
        self.0.split(ROW).filter(|row| !row.is_empty()).map(|row| {
            let mut columns = row.splitn(3, COLUMN);
            let (path, holder, text) =
                (columns.next().unwrap_or(""), columns.next().unwrap_or(""), columns.next().unwrap_or(""));
            let holder = match holder.split_at_checked(1) {
                Some(("a", name)) => Holder::Applied(name),
                Some(("e", name)) => Holder::Edited(name),
                _ => Holder::Us,
            };
            Field { path, text, holder }
        })
    }

    pub fn get(&self, path: &str) -> Option<Field<'_>> {
        self.iter().find(|field| field.path == path)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Collects fields in any order; the last text given for a path counts.
#[derive(Default)]
pub struct FieldsBuilder(Vec<Entry>);

struct Entry {
    path: String,
    text: String,
    /// Empty for `Us`, else a letter and the manager's name.
    holder: String,
}

impl FieldsBuilder {
    pub fn push(&mut self, path: impl Into<String>, text: impl Into<String>, holder: Holder<'_>) {
        let holder = match holder {
            Holder::Us => String::new(),
            Holder::Applied(name) => format!("a{name}"),
            Holder::Edited(name) => format!("e{name}"),
        };
        self.0.push(Entry { path: path.into(), text: text.into(), holder });
    }

    pub fn build(self) -> Fields {
        let mut entries = self.0;
        // Stable: of several texts for one path the last stays last.
        if !entries.is_sorted_by(|a, b| a.path < b.path) {
            entries.sort_by(|a, b| a.path.cmp(&b.path));
        }
        let mut all =
            String::with_capacity(entries.iter().map(|e| e.path.len() + e.holder.len() + e.text.len() + 3).sum());
        for (at, entry) in entries.iter().enumerate() {
            if entries.get(at + 1).is_some_and(|next| next.path == entry.path) {
                continue;
            }
            if !all.is_empty() {
                all.push(ROW);
            }
            for (at, column) in [&entry.path, &entry.holder, &entry.text].into_iter().enumerate() {
                if at > 0 {
                    all.push(COLUMN);
                }
                // A byte below 0x80 is never part of another character.
                if column.bytes().any(|b| b == COLUMN as u8 || b == ROW as u8) {
                    all.push_str(&column.replace([COLUMN, ROW], " "));
                } else {
                    all.push_str(column);
                }
            }
        }
        Fields(all.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_gives_back_what_was_pushed_sorted_by_path() {
        let mut fields = FieldsBuilder::default();
        fields.push("/spec/b", "2", Holder::Applied("argocd-controller"));
        fields.push("/spec/a", "1", Holder::Us);
        fields.push("/spec/c", "before", Holder::Us);
        fields.push("/spec/c", "", Holder::Edited("kubectl-edit"));
        let fields = fields.build();
        let seen: Vec<_> = fields.iter().collect();
        assert_eq!(seen[0], Field { path: "/spec/a", text: "1", holder: Holder::Us });
        assert_eq!(seen[1].holder, Holder::Applied("argocd-controller"));
        assert_eq!(seen[2], Field { path: "/spec/c", text: "", holder: Holder::Edited("kubectl-edit") });
        assert_eq!(fields.get("/spec/a").map(|f| f.text), Some("1"));
    }
}
