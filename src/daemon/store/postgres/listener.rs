//! Hears when another daemon has changed something. A connection of its own, made again when it is lost; meanwhile the store is
//! asked at each beat, so that nothing depends on a notification.

use super::connection::Connector;
use std::{future::poll_fn, sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    task::{AbortHandle, JoinError},
    time::sleep,
};
use tokio_postgres::AsyncMessage;

/// Says nothing about what: whoever hears it looks, and several at once are one look.
pub const NOTIFY: &str = "NOTIFY goldenpath_operation";
const LISTEN: &str = "LISTEN goldenpath_operation";

const PAUSE: Duration = Duration::from_secs(1);

pub struct Listener {
    heard: Arc<Notify>,
    task: AbortHandle,
}

// === impl Listener ===

impl Listener {
    pub fn start(connector: Connector) -> Self {
        let heard = Arc::new(Notify::new());
        let task = tokio::spawn(listen(connector, heard.clone())).abort_handle();
        Self { heard, task }
    }

    pub async fn heard(&self) {
        self.heard.notified().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(connector: Connector, heard: Arc<Notify>) {
    loop {
        if let Ok((client, mut connection)) = connector.open().await {
            let messages = {
                let heard = heard.clone();
                tokio::spawn(async move {
                    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                        if matches!(message, AsyncMessage::Notification(_)) {
                            heard.notify_one();
                        }
                    }
                })
            };
            if client.batch_execute(LISTEN).await.is_ok() {
                // What was said before is not heard any more.
                heard.notify_one();
                let _: Result<(), JoinError> = messages.await;
            } else {
                messages.abort();
            }
        }
        sleep(PAUSE).await;
    }
}
