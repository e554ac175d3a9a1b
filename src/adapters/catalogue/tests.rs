//! A real repository, asked over `file://`.

use super::{Document, Fetch, cache};
use goldenpath_core::domain::{CatalogueSource, GitFolder};
use std::{env, fs, io::Write as _, process::Command};

struct Repository {
    folder: tempfile::TempDir,
    cache: tempfile::TempDir,
}

// === impl Repository ===

impl Repository {
    /// `None`: there is no git here.
    fn new() -> Option<Self> {
        let (folder, cache) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let repository = Self { folder, cache };
        if Command::new("git").arg("--version").output().is_err() {
            assert!(env::var("CI").as_deref() != Ok("true"), "git is not here");
            let _ = writeln!(std::io::stderr(), "skipped: no git");
            return None;
        }
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        Some(repository)
    }

    fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let mut command = Command::new("git");
        // Within a hook they name the repository that the hook is of, which would get this commit.
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        // Nobody's own hooks and templates.
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        let output = command.args(identity).args(arguments).current_dir(self.folder.path()).output().expect("git");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.folder.path().join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }

    /// The id of everything that there is now.
    fn commit(&self) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message=x"]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn source(&self, folder: &str, commit: &str) -> GitFolder {
        let written = format!("git::file://{}//{folder}?ref={commit}", self.folder.path().display());
        match written.parse() {
            Ok(CatalogueSource::Git(source)) => source,
            other => panic!("{written}: {other:?}"),
        }
    }

    fn read_with(&self, source: &GitFolder, fetch: Fetch) -> Result<Vec<Document>, String> {
        cache::read(source, Some(&self.cache.path().join("catalogue")), fetch).map_err(|error| error.to_string())
    }

    fn read(&self, folder: &str, commit: &str) -> Result<Vec<String>, String> {
        let documents = self.read_with(&self.source(folder, commit), Fetch::Missing)?;
        Ok(documents.into_iter().map(|document| document.text).collect())
    }

    fn folder_count(&self) -> usize {
        fs::read_dir(self.cache.path().join("catalogue")).map_or(0, Iterator::count)
    }
}

#[test]
fn a_commit_is_fetched_once_and_stays_what_it_was() {
    let Some(repository) = Repository::new() else { return };
    repository.write("paths/b.yaml", "first");
    repository.write("paths/a.yml", "a");
    repository.write("paths/notes.txt", "no path");
    repository.write("paths/inner/c.yaml", "deeper");
    repository.write("own.yaml", "at the top");
    let first = repository.commit();
    repository.write("paths/b.yaml", "second");
    let second = repository.commit();
    let source = repository.source("paths", &first);
    let error = repository.read_with(&source, Fetch::Never).expect_err("not yet");
    assert!(error.contains("not fetched"), "{error}");
    let text = |texts: &[&str]| Ok(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    assert_eq!(repository.read("paths", &first), text(&["a", "first"]), "no branch ends there");
    assert_eq!(repository.read("paths", &second), text(&["a", "second"]));
    assert_eq!(repository.read("", &first), text(&["at the top"]), "the repository's own folder");
    assert_eq!(repository.read("paths/inner", &first), text(&["deeper"]));
    assert_eq!(repository.folder_count(), 4, "nothing else is left");
    let names: Vec<String> =
        repository.read_with(&source, Fetch::Never).expect("kept").into_iter().map(|d| d.name).collect();
    let place = format!("file://{}//paths/a.yml@{}", repository.folder.path().display(), &first[..10]);
    assert_eq!(names[0], place, "what messages call it");
    fs::remove_dir_all(repository.folder.path().join(".git")).expect("gone");
    assert_eq!(repository.read("paths", &first), text(&["a", "first"]), "without the repository");
}

#[test]
fn what_is_no_folder_of_a_commit_is_named() {
    let Some(repository) = Repository::new() else { return };
    repository.write("paths/a.yaml", "a");
    repository.write("empty/notes.txt", "x");
    repository.write("latin/a.yaml", "");
    fs::write(repository.folder.path().join("latin/a.yaml"), [0xff, 0xfe]).expect("a file");
    repository.write("large/a.yaml", &" ".repeat(1024 * 1024 + 1));
    repository.write("secret.yaml", "outside");
    #[cfg(unix)]
    for (link, to) in [("links/a.yaml", "../secret.yaml"), ("around", "paths"), ("beside/b.yaml", "a.yaml")] {
        let link = repository.folder.path().join(link);
        fs::create_dir_all(link.parent().expect("a folder")).expect("a folder");
        std::os::unix::fs::symlink(to, link).expect("a link");
    }
    repository.write("beside/a.yaml", "a");
    let commit = repository.commit();
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},module")]);
    repository.git(&["commit", "--quiet", "--message=x"]);
    let commit = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["tag", "--annotate", "v1", "--message=x"]);
    let tag = repository.git(&["rev-parse", "v1"]);
    let nothing = "0".repeat(39) + "1";
    for (folder, commit, expected, reason) in [
        ("nowhere", commit.as_str(), "\"nowhere\" is not a folder", "no such folder"),
        ("paths/a.yaml", &commit, "is a file", "a file"),
        ("module", &commit, "is a submodule", "a submodule"),
        ("module/paths", &commit, "is a submodule or in one", "a folder of a submodule"),
        ("around", &commit, "is a symbolic link", "a link to a folder"),
        ("links", &commit, "\"../secret.yaml\"", "a link that leaves the folder"),
        ("empty", &commit, "no .yaml", "nothing in it"),
        ("latin", &commit, "not UTF-8", "no text"),
        ("large", &commit, "larger than", "too large"),
        ("paths", &nothing, "no commit", "a commit that is nowhere"),
        ("paths", &tag, "is a tag", "the id of an annotated tag"),
    ] {
        let error = repository.read(folder, commit).expect_err(reason);
        assert!(error.contains(expected), "{reason}: {error}");
    }
    assert_eq!(repository.folder_count(), 0, "what failed leaves nothing");
    assert_eq!(repository.read("beside", &commit), Ok(vec!["a".to_owned(), "a".to_owned()]), "a link beside its file");
    let gone = GitFolder { repository: "file:///no/such/repository".to_owned(), ..repository.source("paths", &commit) };
    let error = repository.read_with(&gone, Fetch::Missing).expect_err("gone");
    assert!(error.contains("can't be fetched") && error.contains("credentials"), "{error}");
    let error = cache::read(&gone, None, Fetch::Missing).expect_err("no place").to_string();
    assert!(error.contains("XDG_CACHE_HOME"), "{error}");
    let file = repository.folder.path().join("secret.yaml");
    let error = cache::read(&gone, Some(&file.join("x")), Fetch::Missing).expect_err("no folder").to_string();
    assert!(error.contains("can't be written"), "{error}");
}

#[test]
fn whoever_fetches_at_the_same_time_gets_the_same() {
    let Some(repository) = Repository::new() else { return };
    repository.write("paths/a.yaml", "a");
    let commit = repository.commit();
    let read = || repository.read("paths", &commit);
    let found: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(read)).collect();
        all.into_iter().map(|one| one.join().expect("a result")).collect()
    });
    assert!(found.iter().all(|one| *one == Ok(vec!["a".to_owned()])), "{found:?}");
    assert_eq!(repository.folder_count(), 1);
}
