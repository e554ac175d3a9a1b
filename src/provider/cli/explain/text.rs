//! A review as text: the head, then all of it by environment.

use super::{
    review::{Access, Action, Change, FieldChange, Lost, ObjectChange, Review},
    summary::{self, Line, Piece, head, in_words, lost_one, who},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// What a plan does in one environment.
#[derive(Default)]
pub struct Section<'a> {
    changes: Vec<&'a Change>,
    access: Vec<&'a Access>,
    lost: Vec<&'a Lost>,
}

/// Whether objects that are made, or that go with their resource, are listed or only counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    Listed,
    Counted,
}

pub fn text(review: &Review) -> String {
    let mut text = lines(&head(review));
    let found = findings(review);
    if !found.is_empty() {
        let _ = write!(text, "\nfindings\n{found}");
    }
    let changelog = changelog(review);
    if !changelog.is_empty() {
        let _ = write!(text, "\nchangelog\n{changelog}");
    }
    for (environment, section) in sections(review) {
        let _ = write!(text, "\nin {environment}\n{}", section.text(Whole::Listed));
    }
    text
}

pub fn findings(review: &Review) -> String {
    summary::findings(review).iter().map(|one| format!("  {}\n", plain(one))).collect()
}

pub fn changelog(review: &Review) -> String {
    summary::changelog(review).iter().map(|one| format!("  {}\n", plain(one))).collect()
}

pub fn sections(review: &Review) -> BTreeMap<&str, Section<'_>> {
    let mut sections: BTreeMap<&str, Section<'_>> = BTreeMap::new();
    for change in &review.changes {
        sections.entry(&change.environment).or_default().changes.push(change);
    }
    for access in &review.access {
        sections.entry(&access.environment).or_default().access.push(access);
    }
    for lost in &review.lost {
        sections.entry(&lost.environment).or_default().lost.push(lost);
    }
    sections
}

fn lines(lines: &[Line]) -> String {
    lines.iter().map(|Line { topic, pieces }| format!("{topic:<8} {}\n", plain(pieces))).collect()
}

/// Data is legible and its values are quoted already.
fn plain(pieces: &[Piece]) -> String {
    pieces.iter().map(Piece::text).collect()
}

// === impl Section ===

impl Section<'_> {
    /// Each line is indented: none begins with data.
    pub fn text(&self, whole: Whole) -> String {
        let mut text = String::new();
        for lost in &self.lost {
            let _ = writeln!(text, "  lost: {}", plain(&lost_one(lost)));
        }
        for access in &self.access {
            let _ = writeln!(text, "  access: {} {} {}", plain(&who(access)), access.direction.word(), access.what);
        }
        self.changes.iter().for_each(|change| resource(&mut text, change, whole));
        text
    }

    /// `2 created, 1 updated`
    pub fn totals(&self) -> String {
        let who: BTreeSet<_> = self.access.iter().map(|one| (&one.who, &one.kind)).collect();
        let count = |action: Action| self.changes.iter().filter(|change| change.action == action).count();
        let of = [
            ("lost for good", self.lost.len()),
            ("deleted", count(Action::Delete)),
            ("replaced", count(Action::Replace)),
            ("updated", count(Action::Update)),
            ("created", count(Action::Create)),
            ("who gain or lose access", who.len()),
        ];
        let of = of.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}"));
        of.collect::<Vec<_>>().join(", ")
    }

    /// Anything but what is made.
    pub fn is_important(&self) -> bool {
        !self.lost.is_empty() || self.changes.iter().any(|change| change.action != Action::Create)
    }
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Delete => "delete",
        Action::Replace => "replace",
        Action::Update => "update",
        Action::Create => "create",
        Action::Forget => "forget",
        Action::None => "keep",
    }
}

fn resource(text: &mut String, change: &Change, whole: Whole) {
    let Change { address, action, reason, previous_address, imported, attributes, objects, .. } = change;
    let _ = write!(text, "  {} {address}", verb(*action));
    if let Some(reason) = reason {
        let _ = write!(text, " ({reason})");
    }
    if let Some(previous) = previous_address {
        let _ = write!(text, ", moved from {previous}");
    }
    text.push_str(if *imported { ", imported\n" } else { "\n" });
    fields(text, "    ", attributes);
    let goes = *action == Action::Delete;
    let is_counted = |object: &&ObjectChange| whole == Whole::Counted && (goes || object.action == Action::Create);
    let counted = objects.iter().filter(is_counted).count();
    for ObjectChange { object, action, fields: of } in objects.iter().filter(|object| !is_counted(object)) {
        let _ = write!(text, "    {} {object}", verb(*action));
        match action {
            Action::Create => {
                let _ = writeln!(text, "{}", all(of));
            }
            Action::Delete => text.push('\n'),
            _ => {
                text.push('\n');
                fields(text, "      ", of);
            }
        }
    }
    if counted > 0 {
        let _ = writeln!(text, "    {} {counted} objects", if goes { "delete" } else { "create" });
    }
}

fn fields(text: &mut String, indent: &str, changes: &[FieldChange]) {
    for change in changes {
        let _ = writeln!(text, "{indent}{}", plain(&in_words(change, usize::MAX)));
    }
}

/// `: pods=40 requests.cpu=4`
fn all(fields: &[FieldChange]) -> String {
    let fields = fields.iter().map(|FieldChange { field, new, .. }| format!("{field}={}", new.join(", ")));
    let fields = fields.collect::<Vec<_>>().join(" ");
    if fields.is_empty() { fields } else { format!(": {fields}") }
}
