//! The program `git`, so that a platform team's own credential helpers, proxies and SSH configuration hold. What it is given can start
//! no other program, and it never waits for somebody to type.

use std::{
    io::{self, Read},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    #[error("the program `git`, which fetches it, was not found: install git, or name a folder instead")]
    Missing,
    #[error("git can't be started")]
    Start(#[source] io::Error),
    #[error("git did not answer within {} s", LIMIT.as_secs())]
    Late,
    /// In git's words.
    #[error("{0}")]
    Failed(String),
}

/// A catalogue is small; whoever needs longer for it waits for a password or a host that does not answer.
const LIMIT: Duration = Duration::from_secs(120);

/// Variables that would have it look at another repository, as they are set within hooks.
const ELSEWHERE: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
];

/// What `git` prints, asked about this repository.
pub(super) fn git(repository: &Path, arguments: &[&str]) -> Result<Vec<u8>, ProgramError> {
    run("git", repository, arguments)
}

fn run(program: &str, repository: &Path, arguments: &[&str]) -> Result<Vec<u8>, ProgramError> {
    let mut command = Command::new(program);
    ELSEWHERE.iter().for_each(|name| {
        command.env_remove(name);
    });
    command
        .arg("--git-dir")
        .arg(repository)
        .args([
            "--no-replace-objects",
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "gc.auto=0",
            "-c",
            "maintenance.auto=false",
        ])
        .args(arguments)
        // `ext::` would start any program.
        .env("GIT_ALLOW_PROTOCOL", "https:ssh:file")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("LC_ALL", "C")
        .current_dir(repository)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if std::env::var_os("SSH_ASKPASS").is_none() {
        // Else ssh asks at the terminal, over whatever is printed there, and nobody knows what waits.
        command.env("SSH_ASKPASS", "false").env("SSH_ASKPASS_REQUIRE", "force");
    }
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ProgramError::Missing,
        _ => ProgramError::Start(error),
    })?;
    let (printed, said) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let Ok(printed) = printed.recv_timeout(LIMIT) else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(ProgramError::Late);
    };
    match child.wait() {
        Ok(status) if status.success() => Ok(printed),
        Ok(_) => Err(ProgramError::Failed(reason(&said.recv_timeout(LIMIT).unwrap_or_default()))),
        Err(error) => Err(ProgramError::Start(error)),
    }
}

/// All of it, once the other side has closed it.
fn collect(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut all = vec![];
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut all);
        }
        let _ = sender.send(all);
    });
    receiver
}

/// What it died of, in a line; else all that it said.
fn reason(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let lines: Vec<&str> =
        said.lines().map(|line| line.trim().trim_end_matches('.')).filter(|line| !line.is_empty()).collect();
    let fatal: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("fatal: ")).collect();
    let reason = if fatal.is_empty() { lines.join("; ") } else { fatal.join("; ") };
    if reason.is_empty() { "it gives no reason".to_owned() } else { reason.chars().take(LONGEST).collect() }
}

/// Of a server's words: they are quoted in a message.
const LONGEST: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_it_failed_is_said_in_its_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = run("no-such-program-of-anybody", folder.path(), &["version"]);
        assert!(matches!(missing, Err(ProgramError::Missing)));
        for (said, expected, reason_of_the_case) in [
            (
                "warning: x\nfatal: unable to access 'https://h/': no route\n",
                "unable to access 'https://h/': no route",
                "one line",
            ),
            ("fatal: a.\nfatal: b.\n", "a; b", "two sentences"),
            ("ssh: no host\n", "ssh: no host", "another program's words"),
            ("", "it gives no reason", "silence"),
        ] {
            assert_eq!(reason(said.as_bytes()), expected, "{reason_of_the_case}");
        }
    }
}
