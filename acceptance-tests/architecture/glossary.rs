//! Words that have no place here: those that say that something is unfinished, paths of one machine, and words that the glossary
//! replaces by one term of the field.

use super::files;
use anyhow::Result;

/// In source, documentation, examples and scripts, wherever they stand.
const NOWHERE: [(&str, &str); 8] = [
    ("TODO", "open work belongs into an issue"),
    ("FIXME", "open work belongs into an issue"),
    ("#[ignore", "a test that is not run proves nothing; an absent tool prints a skip"),
    ("#[should_panic", "say which error is expected"),
    ("/home/", "a path of one machine"),
    ("/Users/", "a path of one machine"),
    ("/root/", "a path of one machine"),
    ("dyn Any", "the set of kinds is closed"),
];

/// As whole words, in whatever case. The second is what is said instead.
const REPLACED: [(&str, &str); 14] = [
    ("world", "target"),
    ("worlds", "targets"),
    ("anew", "again, or recreate"),
    ("foreign hand", "out-of-band change"),
    ("foreign hands", "out-of-band changes"),
    ("other hands", "out-of-band changes, or field managers"),
    ("others' hands", "out-of-band changes"),
    ("patient", "target"),
    ("town", "fixture"),
    ("told", "reported, or says"),
    ("let go", "release"),
    ("lets go", "releases"),
    ("rights", "permissions"),
    ("is called so", "has that name"),
];

/// Where a word stands for something else, by the path of the file and the line's text.
const ALLOWED: [(&str, &str); 0] = [];

pub(super) fn misplaced_words() -> Result<Vec<String>> {
    let mut wrong = vec![];
    for folder in ["src", "proto", "examples", "scripts", "docs", "acceptance-tests", ""] {
        for path in files_of(folder)? {
            // This one has to name them.
            if path.ends_with("architecture/glossary.rs") || path.ends_with("architecture/messages.rs") {
                continue;
            }
            let Ok(text) = files::read(&path) else { continue };
            for (number, line) in text.lines().enumerate() {
                let at = format!("{path}:{}", number + 1);
                let unfinished = NOWHERE.iter().filter(|(word, _)| folder != "acceptance-tests" && line.contains(word));
                wrong.extend(unfinished.map(|(word, reason)| format!("{at}: {word:?}: {reason}")));
                let is_allowed = |word: &str| {
                    ALLOWED.iter().any(|(file, part)| path == *file && line.contains(part) && part.contains(word))
                };
                let replaced = REPLACED.iter().filter(|(word, _)| has_word(line, word) && !is_allowed(word));
                wrong.extend(replaced.map(|(word, instead)| format!("{at}: {word:?}: say {instead}")));
            }
        }
    }
    Ok(wrong)
}

/// Of the repository's own folder only its documents.
fn files_of(folder: &str) -> Result<Vec<String>> {
    match folder {
        "" => Ok(["README.md", "CONTRIBUTING.md"].map(str::to_owned).to_vec()),
        folder => files::all(folder),
    }
}

fn has_word(line: &str, word: &str) -> bool {
    let line = line.to_lowercase();
    line.match_indices(word).any(|(at, _)| {
        let is_inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !is_inside(line[..at].chars().next_back()) && !is_inside(line[at + word.len()..].chars().next())
    })
}
