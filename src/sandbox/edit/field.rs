//! One field of one object.

use super::cluster::{CALL, load};
use crate::{
    Sandbox,
    eks::clusters,
    error::{SandboxError, refusal},
    kubernetes::{
        managed::{self, Force},
        server,
    },
    ports,
    store::{Row, Store},
};
use goldenpath_core::domain::{Class, ClusterArn, ObjectKey, pointer};
use serde_json::Value;

impl Sandbox {
    /// Sets the value at a JSON pointer, or takes it away with `None`. As an applier the manager declares the field (a
    /// taking away is always an update).
    pub async fn edit(
        &self,
        key: &ObjectKey,
        pointer: &str,
        value: Option<Value>,
        manager: &str,
        as_applier: bool,
    ) -> Result<(), SandboxError> {
        let (key, pointer, manager) = (key.clone(), pointer.to_owned(), manager.to_owned());
        self.in_cluster(move |store, cluster| {
            let row = load(store, cluster, &key)?;
            edit(store, cluster, row, &pointer, value, &manager, as_applier)
        })
        .await
    }
}

fn edit(
    store: &mut Store,
    cluster: &ClusterArn,
    mut row: Row,
    pointer: &str,
    value: Option<Value>,
    manager: &str,
    as_applier: bool,
) -> Result<(), SandboxError> {
    let before = (row.body.clone(), row.managers.clone());
    let no_field =
        |row: &Row| refusal(Class::Invalid, CALL, format!("{pointer} does not lead to a field of {}", row.key));
    match value {
        Some(value) if as_applier => {
            // What it declared before it declares still: an apply without it would take it away.
            let mut declared = managed::declared_by(&row, manager);
            if !pointer::set(&mut declared, pointer, value) {
                return Err(no_field(&row));
            }
            managed::apply_to(&mut row, &declared, manager, Force::All).map_err(|held| server::conflict(CALL, held))?;
        }
        value => {
            let mut new = row.body.clone();
            let is_found = match value {
                Some(value) => pointer::set(&mut new, pointer, value),
                None => pointer::remove(&mut new, pointer),
            };
            if !is_found {
                return Err(no_field(&row));
            }
            managed::update_to(&mut row, new, manager);
        }
    }
    if row.key.is_aws() {
        let kind = row.key.kind();
        ports::parse_body(&row.key, row.body.clone())
            .map_err(|error| refusal(Class::Invalid, CALL, format!("not a {kind}: {error}")))?;
        return row.save(store);
    }
    server::admit(store, &clusters::get(store, cluster)?, &row.key, &row.body, true, CALL)?;
    server::finish(store, cluster, row, before, CALL).map(drop)
}
