//! What happens at one daemon, for those who watch at another one of its store. Of several steps at once the last one is passed on.
//!
//! Nothing depends on it: an event may be lost with a connection, and what becomes of an operation is in the journal.

use crate::{
    error::in_one_line,
    events::Events,
    forms::{Document, Forms, Message},
    store::Store,
};
use goldenpath_core::provision::{Event, EventKind};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::HashSet, convert::Infallible, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::sleep};

/// Quicker than anybody reads.
const PAUSE: Duration = Duration::from_millis(200);
/// Of a message, in bytes: PostgreSQL takes 8,000.
const LARGEST: usize = 7000;

/// What is passed on at once.
#[derive(Deserialize)]
struct Passed {
    form: u32,
    events: Vec<Value>,
}

pub async fn relay(events: Arc<Events>, store: Arc<dyn Store>) -> Infallible {
    let out = events.outbox();
    tokio::select! {
        never = pass_on(out, &*store) => match never {},
        never = hear(&events, &*store) => match never {},
    }
}

async fn pass_on(mut out: mpsc::Receiver<Event>, store: &dyn Store) -> Infallible {
    loop {
        let Some(first) = out.recv().await else { std::future::pending().await };
        sleep(PAUSE).await;
        let mut batch = vec![first];
        while let Ok(event) = out.try_recv() {
            batch.push(event);
        }
        for message in messages(store.forms(), batch) {
            if let Err(error) = store.tell(&message).await {
                tracing::debug!(error = in_one_line(&error), "What happens here can't be passed on to other daemons");
            }
        }
    }
}

async fn hear(events: &Events, store: &dyn Store) -> Infallible {
    loop {
        let message = store.next_message().await;
        read(store.forms(), &message).into_iter().for_each(|event| events.hear(event));
    }
}

/// Pure.
fn read(forms: Forms, message: &str) -> Vec<Event> {
    let Ok(Passed { form, events }) = serde_json::from_str(message) else { return vec![] };
    let event = |event| forms.read(Message::Event, &serde_json::to_vec(&event).ok()?, form).ok();
    // A later release may have kinds that this one does not know.
    events.into_iter().filter_map(event).collect()
}

/// Pure.
fn messages(forms: Forms, batch: Vec<Event>) -> Vec<String> {
    let mut later = HashSet::new();
    let mut kept: Vec<Event> = batch
        .into_iter()
        .rev()
        .filter(|event| event.kind != EventKind::Step || later.insert(event.operation.clone()))
        .collect();
    kept.reverse();
    let mut messages: Vec<(u32, String)> = vec![];
    for (form, event) in kept.iter().filter_map(|event| share(forms, event)) {
        match messages.last_mut() {
            Some((of, last)) if *of == form && last.len() + event.len() < LARGEST => *last = format!("{last},{event}"),
            _ if event.len() < LARGEST => messages.push((form, event)),
            // A text that nobody wrote for a line: it is seen where it happened.
            _ => {}
        }
    }
    messages.into_iter().map(|(form, events)| format!("{{\"form\":{form},\"events\":[{events}]}}")).collect()
}

fn share(forms: Forms, event: &Event) -> Option<(u32, String)> {
    let event = forms.document(Message::Event, serde_json::to_vec(event).ok()?);
    let Document { form, bytes } = forms.share(Message::Event, &event);
    Some((form, String::from_utf8(bytes.to_vec()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(operation: &str, kind: EventKind, done: usize, text: &str) -> Event {
        let [at, caller, verb, about] = Default::default();
        Event { at, kind, operation: operation.into(), caller, verb, about, done, of: 9, text: text.into() }
    }

    #[test]
    fn of_many_steps_the_last_is_passed_on_and_nothing_else_is_left_out() {
        let steps = (0..200).map(|done| event(if done % 2 == 0 { "a" } else { "b" }, EventKind::Step, done, ""));
        let ends = (0..200).map(|number| event(&format!("op-{number}"), EventKind::Ended, 0, "done"));
        let long = event("", EventKind::Notice, 0, &"x".repeat(LARGEST));
        let messages = messages(Forms::of(2), steps.chain(ends).chain([long]).collect());
        assert!(messages.iter().all(|message| message.len() < 8000), "as long as they may be");
        let heard: Vec<Event> = messages.iter().flat_map(|message| read(Forms::of(1), message)).collect();
        assert_eq!(heard.iter().filter(|event| event.kind == EventKind::Ended).count(), 200);
        let steps: Vec<_> =
            heard.iter().filter(|event| event.kind == EventKind::Step).map(|event| event.done).collect();
        assert_eq!((steps, heard.len()), (vec![198, 199], 202), "one of each operation");
    }
}
