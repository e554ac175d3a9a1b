//! Golden paths from folders: the texts of their YAML files. Reading their meaning is left to `golden`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// One file's text, with the name that messages about it use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub path: PathBuf,
    pub text: String,
}

#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    #[error("the catalogue folder {} cannot be read", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("the golden path {} cannot be read", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} is larger than {LARGEST} bytes, so it is not a golden path: remove it from the catalogue", path.display())]
    TooLarge { path: PathBuf },
    #[error("the catalogue folder {} has no .yaml or .yml file: add a golden path or correct the folder", path.display())]
    Empty { path: PathBuf },
}

/// A path is a page or two; anything larger was put there by mistake.
const LARGEST: u64 = 1024 * 1024;

/// The `.yaml` and `.yml` files of each folder, not of folders inside, by name; folders in the order given.
pub fn read(folders: &[PathBuf]) -> Result<Vec<Document>, CatalogueError> {
    let mut documents = vec![];
    for folder in folders {
        let before = documents.len();
        for path in yaml_files(folder)? {
            documents.push(read_file(path)?);
        }
        if documents.len() == before {
            return Err(CatalogueError::Empty { path: folder.clone() });
        }
    }
    Ok(documents)
}

fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, CatalogueError> {
    let failed = |source| CatalogueError::Folder { path: folder.to_owned(), source };
    let mut paths = vec![];
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if is_yaml && !is_hidden && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_file(path: PathBuf) -> Result<Document, CatalogueError> {
    let failed = |source| CatalogueError::File { path: path.clone(), source };
    if fs::metadata(&path).map_err(failed)?.len() > LARGEST {
        return Err(CatalogueError::TooLarge { path });
    }
    let text = fs::read_to_string(&path).map_err(failed)?;
    Ok(Document { path, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_sorted_folder_by_folder() {
        let (first, second) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        for (folder, name) in [
            (&first, "b.yaml"),
            (&first, "a.yml"),
            (&first, "notes.txt"),
            (&first, ".hidden.yaml"),
            (&second, "a.yaml"),
        ] {
            fs::write(folder.path().join(name), name).expect("a file");
        }
        fs::create_dir(first.path().join("inner.yaml")).expect("a folder");
        let read = read(&[first.path().to_owned(), second.path().to_owned()]).expect("readable");
        let texts: Vec<_> = read.iter().map(|document| document.text.as_str()).collect();
        assert_eq!(texts, ["a.yml", "b.yaml", "a.yaml"]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = folder.path().join("nowhere");
        assert!(read(&[missing]).expect_err("missing").to_string().contains("nowhere cannot be read"));
        assert!(read(&[folder.path().to_owned()]).expect_err("empty").to_string().contains("no .yaml"));
        fs::write(folder.path().join("latin.yaml"), [0xff, 0xfe]).expect("a file");
        assert!(
            read(&[folder.path().to_owned()]).expect_err("not UTF-8").to_string().contains("latin.yaml cannot be read")
        );
        fs::write(folder.path().join("latin.yaml"), vec![b' '; 1024 * 1024 + 1]).expect("a file");
        assert!(matches!(read(&[folder.path().to_owned()]), Err(CatalogueError::TooLarge { .. })));
    }
}
