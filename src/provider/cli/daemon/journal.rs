//! `journal`: a path, the address of a PostgreSQL database, or that address with the files that belong to it.

use anyhow::{bail, ensure};
use plugin::value::{from_value, to_value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

#[derive(Debug, PartialEq, Eq)]
pub enum Journal {
    File(PathBuf),
    Postgres { address: String, password_file: Option<PathBuf>, ca_file: Option<PathBuf> },
}

/// A PostgreSQL database.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Its address, such as `postgres://user@host/database`. A password in it is an error.
    postgres: String,
    /// A file with the password, read again for each connection.
    password_file: Option<PathBuf>,
    /// Who signs the server's certificate (PEM), in place of the system's authorities.
    ca_file: Option<PathBuf>,
}

// === impl Journal ===

impl Journal {
    /// Relative paths are relative to the folder.
    pub(super) fn read(written: Json, folder: &Path) -> anyhow::Result<Self> {
        match written {
            Json::String(address) if is_address(&address) => {
                Ok(Self::Postgres { address, password_file: None, ca_file: None })
            }
            Json::String(path) => {
                ensure!(
                    !path.contains("://"),
                    "journal: write a path, or an address that begins with `postgres://`, and not {path}"
                );
                Ok(Self::File(folder.join(path)))
            }
            Json::Object(_) => {
                let Written { postgres, password_file, ca_file } =
                    from_value(&to_value(&written)).map_err(|error| anyhow::anyhow!("journal.{error}"))?;
                let absolute = |path: Option<PathBuf>| path.map(|path| folder.join(path));
                let (password_file, ca_file) = (absolute(password_file), absolute(ca_file));
                ensure!(is_address(&postgres), "journal.postgres: write it like `postgres://user@host/database`");
                Ok(Self::Postgres { address: postgres, password_file, ca_file })
            }
            _ => bail!("journal: write a path, or the address of a PostgreSQL database"),
        }
    }
}

/// Of a text or an object.
pub(super) fn schema(generator: &mut SchemaGenerator) -> Schema {
    let text = json_schema!({
        "type": "string", "description": "Path of a SQLite file, or `postgres://` and the rest of a database's address.",
    });
    json_schema!({ "anyOf": [text, generator.subschema_for::<Written>()] })
}

fn is_address(text: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_journal_is_a_file_or_a_database() {
        let (address, folder) = ("postgres://gp@db.internal/gp", Path::new("/etc/gp"));
        let postgres = |password_file: Option<&str>, ca_file: Option<&str>| Journal::Postgres {
            address: address.to_owned(),
            password_file: password_file.map(PathBuf::from),
            ca_file: ca_file.map(PathBuf::from),
        };
        for (written, expected, reason) in [
            (json!("journal.db"), Ok(Journal::File("/etc/gp/journal.db".into())), "a path"),
            (json!(address), Ok(postgres(None, None)), "an address"),
            (
                json!({ "postgres": address, "password_file": "password", "ca_file": "/ca.pem" }),
                Ok(postgres(Some("/etc/gp/password"), Some("/ca.pem"))),
                "with its files",
            ),
            (json!({ "postgres": address, "password": "x" }), Err("password"), "a password in the file"),
            (json!({ "password_file": "x" }), Err("postgres"), "no address"),
            (json!({ "postgres": "db.internal" }), Err("journal.postgres: "), "a name"),
            (json!("mysql://gp@db/gp"), Err("journal: "), "another database"),
            (json!(["a"]), Err("journal: "), "a list"),
        ] {
            match (Journal::read(written, folder), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{reason}"),
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{reason}: {error}"),
                (found, _) => panic!("{reason}: {found:?}"),
            }
        }
    }
}
