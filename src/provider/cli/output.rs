//! Standard output, where a closed pipe (`| head`) is no error.

use goldenpath_core::kinds::legible;
use std::{
    fmt::Display,
    io::{self, ErrorKind, Write},
    path::Path,
};

pub fn data(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// One of many lines, as they come. False: nobody reads them any more.
pub fn line(text: &str) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        other => other.map(|()| true),
    }
}

/// A file below the current folder as a person names it. The folder itself has no other name than its dot.
pub fn display(path: &Path) -> String {
    let below = path.strip_prefix(".").unwrap_or(path);
    let named = if below.as_os_str().is_empty() { path } else { below };
    named.display().to_string()
}

/// Adds a line in which others have their say: with names of files and words of manifests, or with what a tenant wrote into an object.
/// None of them can begin a line of its own, which a pipeline may take for a command, or move a terminal's cursor.
pub fn push_line(text: &mut String, line: impl Display) {
    text.push_str(&legible(&line.to_string()));
    text.push('\n');
}

/// Columns as wide as they need to be; the last one runs free.
pub fn table(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = vec![];
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            if widths.len() <= at {
                widths.push(0);
            }
            widths[at] = widths[at].max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let last = row.len().saturating_sub(1);
        for (at, cell) in row.iter().enumerate() {
            text.push_str(cell);
            if at < last {
                text.extend(std::iter::repeat_n(' ', widths[at] - cell.chars().count() + 2));
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{display, push_line, table};
    use std::path::Path;

    #[test]
    fn a_path_has_a_name() {
        for (path, shown, reason) in [
            ("./main.tf", "main.tf", "below the current folder"),
            ("main.tf", "main.tf", "the same"),
            (".", ".", "the folder itself is not nothing"),
            ("/etc/main.tf", "/etc/main.tf", "elsewhere"),
            ("../main.tf", "../main.tf", "above"),
        ] {
            assert_eq!(display(Path::new(path)), shown, "{reason}");
        }
    }

    #[test]
    fn a_line_stays_one() {
        let mut text = String::new();
        push_line(&mut text, "a.yaml:1: Pod \u{1b}[2J\n::error::x");
        push_line(&mut text, "Zo\u{eb}");
        assert_eq!(text, "a.yaml:1: Pod \\u{1b}[2J\\n::error::x\nZo\u{eb}\n");
    }

    #[test]
    fn columns_line_up() {
        let rows = [vec!["a".to_owned(), "b".to_owned()], vec!["long".to_owned(), "c".to_owned()]];
        assert_eq!(table(&rows), "a     b\nlong  c\n");
        assert_eq!(table(&[]), "");
    }
}
