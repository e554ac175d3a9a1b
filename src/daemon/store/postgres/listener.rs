//! Hears when another daemon has changed something. A connection of its own, made again when it is lost; meanwhile the store is
//! asked at each beat, so that nothing depends on a notification.
//!
//! A channel is the whole database's, and an installation may have a schema alone: so each schema has channels of its own.

use super::connection::Connector;
use std::{
    future::{pending, poll_fn},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{Mutex, Notify, mpsc},
    task::{AbortHandle, JoinError},
    time::sleep,
};
use tokio_postgres::{AsyncMessage, Client, Error};

/// What the names of the channels end with.
macro_rules! schema {
    () => {
        "to_hex(hashtextextended(current_schema()::text, 0))"
    };
}

/// Says who and nothing about what: whoever hears it looks, and several at once are one look.
pub const NOTIFY: &str = concat!("SELECT pg_notify('goldenpath_operation_' || ", schema!(), ", $1)");
/// With the id of the daemon before it, which is as long as that of each other one.
pub const TELL: &str = concat!("SELECT pg_notify('goldenpath_event_' || ", schema!(), ", $1)");
const SCHEMA: &str = concat!("SELECT ", schema!());
const OPERATION: &str = "goldenpath_operation_";
const EVENT: &str = "goldenpath_event_";

/// Messages that wait to be read: what comes after that is lost, as with a connection.
const MOST: usize = 256;

const PAUSE: Duration = Duration::from_secs(1);

pub struct Listener {
    heard: Arc<Notify>,
    messages: Mutex<mpsc::Receiver<String>>,
    task: AbortHandle,
}

// === impl Listener ===

impl Listener {
    pub fn start(connector: Connector, own: String) -> Self {
        let heard = Arc::new(Notify::new());
        let (to, messages) = mpsc::channel(MOST);
        let task = tokio::spawn(listen(connector, own, heard.clone(), to)).abort_handle();
        Self { heard, messages: Mutex::new(messages), task }
    }

    pub async fn message(&self) -> String {
        match self.messages.lock().await.recv().await {
            Some(message) => message,
            None => pending().await,
        }
    }

    pub async fn wait(&self) {
        self.heard.notified().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(connector: Connector, own: String, heard: Arc<Notify>, to: mpsc::Sender<String>) {
    loop {
        if let Ok((client, mut connection)) = connector.open().await {
            let messages = {
                let (heard, own, to) = (heard.clone(), own.clone(), to.clone());
                tokio::spawn(async move {
                    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                        let AsyncMessage::Notification(said) = message else { continue };
                        match (said.channel().starts_with(EVENT), said.payload().split_at_checked(own.len())) {
                            (true, Some((whose, message))) if whose != own => {
                                let _ = to.try_send(message.to_owned());
                            }
                            (true, _) => {}
                            (false, _) if said.payload() != own => heard.notify_one(),
                            (false, _) => {}
                        }
                    }
                })
            };
            if subscribe(&client).await.is_ok() {
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

async fn subscribe(client: &Client) -> Result<(), Error> {
    let schema: String = client.query_one(SCHEMA, &[]).await?.try_get(0)?;
    client.batch_execute(&format!("LISTEN {OPERATION}{schema}; LISTEN {EVENT}{schema}")).await
}
