//! Which of the daemons on one database does the periodic work.

use super::{
    connection::{Connector, within},
    statements::LEAD,
};
use crate::{error::JournalError, store::Lead};
use async_trait::async_trait;
use tokio_postgres::Client;

/// A connection of its own, on which the lock is: it goes with the connection, however that ends.
struct Leading(Client);

/// `None`: another daemon has it.
pub async fn take(connector: &Connector) -> Result<Option<Box<dyn Lead>>, JournalError> {
    let client = connector.client().await?;
    let is_ours: bool = client.query_one(LEAD, &[]).await?.try_get(0)?;
    Ok(is_ours.then(|| Box::new(Leading(client)) as Box<dyn Lead>))
}

#[async_trait]
impl Lead for Leading {
    /// The lock is held for as long as the connection is, and the connection is asked.
    async fn is_held(&self) -> bool {
        within(String::new(), async { Ok(self.0.simple_query("").await.map(drop)?) }).await.is_ok()
    }
}
