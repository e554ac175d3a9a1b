//! What is called for the objects of one kind: a file has all of it.

use super::{live::Live, selection::Selection};
use crate::{aws::call::EksCluster, errors::invalid};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{Body, ObjectKey},
    kinds::Kind,
    ports::{Expect, PortError},
};
use std::collections::HashMap;

#[async_trait]
pub(super) trait KindCalls: Sync {
    /// Whose they are.
    fn kind(&self) -> &'static Kind;

    /// One object, whoever owns it.
    async fn get(&self, cluster: EksCluster<'_>, key: &ObjectKey) -> Result<Option<Live>, PortError>;

    /// What a selection holds, as far as listings say it.
    async fn list(&self, cluster: EksCluster<'_>, selection: &Selection<'_>) -> Result<Listed, PortError>;

    async fn apply(
        &self,
        cluster: EksCluster<'_>,
        key: &ObjectKey,
        body: &Body,
        expect: &Expect,
    ) -> Result<Live, PortError>;

    async fn delete(&self, cluster: EksCluster<'_>, key: &ObjectKey, expect: &Expect) -> Result<(), PortError>;

    // === out of band: whoever owns it ===

    async fn make(&self, cluster: EksCluster<'_>, key: &ObjectKey, body: &Body) -> Result<(), PortError>;

    async fn change(&self, _: EksCluster<'_>, live: &Live, _edited: &Body) -> Result<(), PortError> {
        Err(invalid(OUT_OF_BAND, format!("{} has nothing to change", live.key)))
    }
}

pub(super) const OUT_OF_BAND: &str = "out-of-band change";

#[derive(Default)]
pub(super) struct Listed {
    pub live: Vec<Live>,
    /// Of the keys of the selection, those of which the listing says nothing: neither that it is there nor that it is not.
    pub unsaid: Vec<ObjectKey>,
    /// When each role of the account was made, by its ARN; in seconds of the epoch. Access entries are judged by it.
    pub born: HashMap<String, i64>,
}

impl Listed {
    pub fn extend(&mut self, other: Self) {
        let Self { live, unsaid, born } = other;
        self.live.extend(live);
        self.unsaid.extend(unsaid);
        self.born.extend(born);
    }
}

pub(super) fn mismatch(key: &ObjectKey) -> PortError {
    invalid("apply", format!("{key}: the body is of another kind than the key"))
}
