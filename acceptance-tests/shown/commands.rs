//! The commands that documents show, wherever they stand.

use anyhow::{Context as _, Result, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
};

const PROGRAMS: [&str; 6] = ["aws", "goldenpath", "helm", "kubectl", "terraform", "tofu"];

/// One command of a line: `kubectl get events`.
pub struct ShownCommand {
    /// From the root of the repository.
    pub file: String,
    pub text: String,
}

// === impl ShownCommand ===

impl ShownCommand {
    pub fn all() -> Result<Vec<Self>> {
        let mut found = vec![];
        for (file, text) in texts()? {
            let lines = if file.ends_with(".md") { of_markdown(&text) } else { of_remarks(&text) };
            // `aws = {…}` is an attribute.
            let begins = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '-');
            let commands = lines.iter().flat_map(|line| parts(line)).filter(|text| {
                text.split_once(' ').is_some_and(|(program, rest)| PROGRAMS.contains(&program) && begins(rest))
            });
            found.extend(commands.map(|text| Self { file: file.clone(), text }));
        }
        ensure!(found.len() >= 80, "{} commands in documents", found.len());
        Ok(found)
    }

    /// What follows the program.
    pub fn of(&self, program: &str) -> Option<&str> {
        self.text.strip_prefix(program)?.strip_prefix(' ')
    }

    pub fn place(&self) -> String {
        format!("{}: {}", self.file, self.text)
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Of documents, and of what begins with a remark on its use.
fn texts() -> Result<Vec<(String, String)>> {
    let mut files = vec!["README.md".to_owned()];
    for folder in ["docs/guides", "examples", "packaging"] {
        files.extend(within(folder)?);
    }
    let is_read = |file: &String| {
        let is_data = file.starts_with("packaging/") && file.ends_with(".yaml");
        file.ends_with(".md") || file.ends_with(".tf") || is_data
    };
    files.retain(is_read);
    files.into_iter().map(|file| Ok((file.clone(), read(&file)?))).collect()
}

pub fn read(file: &str) -> Result<String> {
    fs::read_to_string(root().join(file)).with_context(|| file.to_owned())
}

pub fn within(folder: &str) -> Result<Vec<String>> {
    let mut found = vec![];
    for entry in fs::read_dir(root().join(folder)).with_context(|| folder.to_owned())? {
        let entry = entry?;
        // What a CLI leaves there.
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let inside = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() { found.extend(within(&inside)?) } else { found.push(inside) }
    }
    found.sort();
    Ok(found)
}

pub fn folder_of(file: &str) -> PathBuf {
    root().join(Path::new(file).parent().unwrap_or(Path::new("")))
}

// === lines ===

/// Lines of a shell, steps of a pipeline, and what stands between backticks in a sentence.
fn of_markdown(text: &str) -> Vec<String> {
    let (mut found, mut language, mut begun) = (vec![], None, String::new());
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("```") {
            language = if language.is_none() { Some(name) } else { None };
            continue;
        }
        match language {
            None => found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned)),
            Some("sh" | "shell") => match line.strip_suffix('\\') {
                Some(part) => begun.push_str(part),
                None => found.push(std::mem::take(&mut begun) + line),
            },
            Some("yaml") => found.extend(line.strip_prefix("- run: ").map(str::to_owned)),
            Some(_) => {}
        }
    }
    found
}

fn of_remarks(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix("#   ")).map(str::to_owned).collect()
}

/// The commands of a line, without a remark at its end. In brackets `|` is a choice.
fn parts(line: &str) -> Vec<String> {
    let line = line.split("    ").next().unwrap_or(line);
    let (mut parts, mut depth) = (vec![vec![]], 0_usize);
    for word in line.split_whitespace() {
        depth = (depth + word.matches('[').count()).saturating_sub(word.matches(']').count());
        if depth == 0 && ["|", "&&"].contains(&word) {
            parts.push(vec![]);
        } else if let Some(part) = parts.last_mut() {
            part.push(word);
        }
    }
    parts.into_iter().map(|words| words.join(" ")).collect()
}
