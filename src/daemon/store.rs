//! Where the journal is kept: every operation before it begins, with its request, and how it ended. One contract, two stores: a
//! SQLite file of one daemon, and a PostgreSQL database that several share.
//!
//! An operation is carried out by the daemon that has claimed it. In a shared store a claim must be renewed: one that is over may be
//! taken by any daemon, which runs the operation again, and only the holder of the claim says how it ended. A claim is a guide and
//! not a fence, as a lease on a record is (`core/provision/engine/execute/lease.rs`): a daemon that was stopped for a while and lost
//! its claim may still be at work in the target. That is safe, because the second run waits for the lease on the record and goes on
//! from what the record says, and every change of a record expects the version read before.
//!
//! Documents have the form that the row says ([`Forms`]), since daemons of two releases may share a store, and one may follow the other
//! in either direction. What has a newer form than a daemon knows it does not take.

mod open;
mod pauses;
mod postgres;
mod sqlite;

pub use open::{JournalPlace, open};
pub use pauses::Pauses;
pub use postgres::Postgres;

use crate::{
    contract::Verb,
    error::{JournalError, in_one_line},
    forms::{Document, Forms, Message},
    outcome::Ending,
    sight::Sight,
};
use async_trait::async_trait;
use goldenpath_core::policy::Identity;
use std::time::Duration;

/// How often claims are renewed and the store is asked for news, even if it could not say that there are any.
pub const BEAT: Duration = Duration::from_secs(2);
/// How long a claim holds without being renewed. Four beats: one that is late or lost is no reason to begin an operation twice.
pub const CLAIM: Duration = Duration::from_secs(8);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: String,
    pub caller: Identity,
    pub verb: Verb,
    pub about: String,
    /// Of caller, verb, bounds and request: equal ones are the same wish.
    pub digest: String,
    /// The same in other forms, which a neighbour may have written. Empty in what is read.
    pub other_digests: Vec<String>,
    /// That of bounds and request.
    pub form: u32,
    /// The client's bounds, which hold when it is run again.
    pub allow: String,
    pub request: Vec<u8>,
    pub cancelled: bool,
}

/// One that this daemon carries out from here on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub entry: Entry,
    /// Since it was accepted, by the store's clock.
    pub waited: Duration,
}

/// What may become of a request that the journal does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfNew {
    /// Written and claimed: the caller begins it.
    Begin,
    /// Written for whoever has a place first.
    Queue,
    Refuse,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is in the journal now, and the caller's to begin.
    Begun,
    /// Under this id it is queued, or somebody carries it out: the caller, another daemon, or nobody any more.
    Waits(String),
    Ended(Document),
    /// The id stands for another request.
    OtherRequest,
    Refused,
}

/// What has become of operations since the last look.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Of the running ones: another daemon has taken them.
    pub lost: Vec<String>,
    /// Of the running ones: a client has cancelled them, through whichever daemon.
    pub cancelled: Vec<String>,
    /// Of the awaited ones. Without a verb: this release does not know it.
    pub ended: Vec<(String, Option<Verb>, Document)>,
    /// Of the awaited ones: the journal does not hold them, as after it was restored from a backup.
    pub unknown: Vec<String>,
}

/// Which operations are shown.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    All,
    /// Those that have not ended.
    Open,
    /// Those on one instance.
    About(&'a str),
    /// One, by its own id.
    One(&'a str),
}

/// What is shown of an operation.
pub struct Kept {
    pub id: String,
    /// By its text.
    pub caller: String,
    pub verb: String,
    pub about: String,
    /// Milliseconds since 1970.
    pub accepted_at: i64,
    pub ended_at: Option<i64>,
    pub ending: Option<Ending>,
}

/// Held for as long as it is not dropped, and as `is_held` says.
#[async_trait]
pub trait Lead: Send + Sync {
    async fn is_held(&self) -> bool;
}

#[async_trait]
pub trait Store: Send + Sync {
    /// Those that whoever has opened it knows.
    fn forms(&self) -> Forms;
    /// Before anything of it is done; an error means that nothing may be done. The client waits from here on (`leave`). Of requests
    /// at the same time each is accepted as if it had come alone; asked again with the same id it is the same operation. An equal
    /// request joins an operation that has not ended and that no client waits for any more.
    async fn accept(&self, entry: &Entry, if_new: IfNew) -> Result<Accepted, JournalError>;
    /// The client with this id of an operation waits no longer. What it waited for can still be asked for by that id.
    fn leave(&self, client: &str);
    /// Claims operations that nobody works on and whose form and verb are known, the oldest first, at most so many. `may_take_over`: also
    /// those whose claim is over.
    async fn take(&self, most: usize, may_take_over: bool) -> Result<Vec<Taken>, JournalError>;
    /// It was taken and could not be begun: it is taken again once a claim would be over.
    fn set_back(&self, id: &str);
    /// How many operations nobody works on, whether a client waits for them or not.
    async fn waiting(&self) -> Result<u64, JournalError>;
    /// Renews the claims on the running ones, and says for these clients that they still wait.
    async fn renew(&self, running: &[String], clients: &[String], awaited: &[String]) -> Result<News, JournalError>;
    /// Whoever carries it out begins nothing more of it. `id`: its own, or that of a client that joined it.
    /// That of another caller goes on. The operation's own id and its instance, if that is new.
    async fn cancel(&self, id: &str, caller: &Identity) -> Result<Option<(String, String)>, JournalError>;
    /// The outcome that the journal now holds. `None`: the claim is lost, and its new holder says how the operation ended. What is gone
    /// by it is paused no longer: made again under the name, it is another one.
    async fn end(&self, id: &str, outcome: &Document, ending: &Ending) -> Result<Option<Document>, JournalError>;
    /// The latest first, at most so many of those that are asked for and in sight: what others did later takes no place from them.
    async fn recent(&self, which: Which<'_>, sight: &Sight, most: u32) -> Result<Vec<Kept>, JournalError>;
    /// The last one on each of these instances.
    async fn last(&self, abouts: &[String]) -> Result<Vec<Kept>, JournalError>;
    /// What is left alone between applies, whichever daemon was asked for it.
    async fn pauses(&self) -> Result<Pauses, JournalError>;
    async fn pause(&self, id: &str, is_paused: bool) -> Result<(), JournalError>;
    /// What the daemon that compares clusters has found of one, for the others.
    async fn share(&self, cluster: &str, comparison: &Document) -> Result<(), JournalError>;
    /// Of each cluster the last one that was shared.
    async fn comparisons(&self) -> Result<Vec<Document>, JournalError>;
    /// As it was accepted. `None`: the journal does not hold it.
    async fn request(&self, id: &str) -> Result<Option<(Verb, Document)>, JournalError>;
    /// Under which id an operation is carried out that a client knows by this one.
    async fn operation_of(&self, client: &str) -> Result<String, JournalError>;
    /// To the other daemons, as far as they listen. At most 8,000 bytes.
    async fn tell(&self, message: &str) -> Result<(), JournalError>;
    /// The next message of another daemon.
    async fn next_message(&self) -> String;
    /// Resolves when there may be news or work. It need not: the store is asked at each beat as well.
    async fn wait_for_news(&self);
    /// Whether operations can be reached by other daemons.
    fn is_shared(&self) -> bool;
    /// Whether an operation could be written. It is asked every few seconds, so nothing is written for that: only once something has
    /// failed, until a write of its own has worked.
    async fn check(&self) -> Result<(), JournalError>;
    /// Of all daemons on the store one does the periodic work, for as long as it keeps this. `None`: another one does.
    async fn lead(&self) -> Result<Option<Box<dyn Lead>>, JournalError>;
}

// === impl Entry ===

impl Entry {
    /// In every form.
    pub fn digests(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.digest).chain(&self.other_digests)
    }

    /// Who asked, as a document and as the text that tells one caller from another.
    fn caller_columns(&self, forms: Forms) -> Result<(String, String), JournalError> {
        let document = forms.write(Message::Identity, &self.caller, self.form)?;
        Ok((String::from_utf8_lossy(&document).into_owned(), self.caller.to_string()))
    }
}

// === impl Taken ===

impl Taken {
    /// One that can't be read stays in the journal, and keeps none of the others there.
    fn if_readable(read: Result<Self, JournalError>) -> Option<Self> {
        let unreadable = |error: &JournalError| {
            tracing::error!(
                error = in_one_line(error),
                "An operation of the journal can't be read, and is not carried out"
            );
        };
        read.inspect_err(unreadable).ok()
    }
}

// === impl Kept ===

impl Kept {
    /// By the outcome, if there is one.
    fn ending(forms: Forms, verb: &str, outcome: Option<&[u8]>, form: u32) -> Option<Ending> {
        outcome.map(|outcome| Ending::of(forms, Verb::parse(verb), outcome, form))
    }
}

#[cfg(test)]
pub mod tests;
