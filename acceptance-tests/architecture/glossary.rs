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

/// As whole words, in whatever case, and as a word of an identifier (`turn_of`, `TurnOf`). The second is what is said instead.
const REPLACED: [(&str, &str); 30] = [
    ("world", "target"),
    ("worlds", "targets"),
    ("anew", "again, or recreate"),
    ("hand", "field manager, out-of-band change, or what does it"),
    ("hands", "field managers, out-of-band changes, or passes"),
    ("eye", "inspector"),
    ("eyes", "inspector"),
    ("patient", "target"),
    ("town", "fixture"),
    ("bench", "fixture"),
    ("told", "reported, or says"),
    ("broken", "invalid, failed or interrupted: a user error or a protocol error"),
    ("question", "request, or access review"),
    ("questions", "requests, or access reviews"),
    ("answer", "response, or result"),
    ("answers", "responses, or results"),
    ("answered", "returned, or responded"),
    ("answering", "responding"),
    ("turn", "lock, queue or round"),
    ("turns", "locks, rounds, or the plain verb"),
    ("going", "deletion, or what is deleted"),
    ("proved", "verified"),
    ("proven", "verified"),
    ("freed", "released"),
    ("asked for a pause", "throttled the request"),
    ("asking for a pause", "throttling the request"),
    ("let go", "release"),
    ("lets go", "releases"),
    ("rights", "permissions"),
    ("is called so", "has that name"),
];

/// Names of others, and idioms of plain English in which such a word stands for nothing else.
const ORDINARY: [&str; 11] = [
    "by hand",
    "hand over",
    "hand-over",
    "scripts/bench",
    "broken pipe",
    "in turn",
    "turn off",
    "turn on",
    "turns on",
    "turn out",
    "turns out",
];

/// Where a word stands for something else, by the beginning of the path and the line's text.
const ALLOWED: [(&str, &str); 3] = [
    // The benchmark's own files, sockets and names.
    ("scripts/", "bench"),
    // What the rename was.
    ("CHANGELOG.md", "the attribute `world` is now `target`"),
    // An entity of Cilium's.
    ("acceptance-tests/engines/", "unmanaged, world]"),
];

pub(super) fn misplaced_words() -> Result<Vec<String>> {
    let mut wrong = vec![];
    for folder in ["src", "proto", "examples", "scripts", "docs", "packaging", "acceptance-tests", ""] {
        for path in files_of(folder)? {
            // These have to name them.
            let naming = ["glossary.rs", "forms.rs", "participles.rs"];
            if naming.iter().any(|file| path.ends_with(&format!("architecture/{file}"))) {
                continue;
            }
            let Ok(text) = files::read(&path) else { continue };
            for (number, line) in text.lines().enumerate() {
                let at = format!("{path}:{}", number + 1);
                let unfinished = NOWHERE.iter().filter(|(word, _)| line.contains(word));
                wrong.extend(unfinished.map(|(word, reason)| format!("{at}: {word:?}: {reason}")));
                let is_allowed = |word: &str| {
                    let mut allowed =
                        ALLOWED.iter().filter(|(file, part)| path.starts_with(file) && line.contains(part));
                    allowed.any(|(_, part)| part.contains(word))
                };
                let words = words(line);
                let replaced = REPLACED.iter().filter(|(word, _)| has_word(&words, word) && !is_allowed(word));
                wrong.extend(replaced.map(|(word, instead)| format!("{at}: {word:?}: say {instead}")));
            }
        }
    }
    Ok(wrong)
}

/// Of the repository's own folder only its documents.
fn files_of(folder: &str) -> Result<Vec<String>> {
    match folder {
        "" => Ok(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned).to_vec()),
        folder => files::all(folder),
    }
}

/// In lower case and apart from each other, those of an identifier too, without what is ordinary.
fn words(line: &str) -> String {
    let mut words = String::with_capacity(line.len());
    let mut was_lower = false;
    for c in line.chars() {
        if was_lower && c.is_uppercase() {
            words.push(' ');
        }
        was_lower = c.is_lowercase();
        words.extend(if c == '_' { ' ' } else { c }.to_lowercase());
    }
    ORDINARY.iter().fold(words, |words, ordinary| words.replace(ordinary, "-"))
}

fn has_word(words: &str, word: &str) -> bool {
    words.match_indices(word).any(|(at, _)| {
        let is_inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !is_inside(words[..at].chars().next_back()) && !is_inside(words[at + word.len()..].chars().next())
    })
}
