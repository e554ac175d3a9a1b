//! The engine over the sandbox, as a client uses it: each step over a fresh connection, with a clock that only waiting moves.
//! Each file is one kind of promise.

#[cfg(test)]
#[path = "engine/authentication.rs"]
mod authentication;
#[cfg(test)]
#[path = "engine/before.rs"]
mod before;
#[cfg(test)]
#[path = "engine/claims.rs"]
mod claims;
#[cfg(test)]
#[path = "engine/drift.rs"]
mod drift;
#[cfg(test)]
#[path = "engine/entries.rs"]
mod entries;
#[cfg(test)]
#[path = "engine/failure.rs"]
mod failure;
#[cfg(test)]
#[path = "engine/fixture.rs"]
mod fixture;
#[cfg(test)]
#[path = "engine/guard.rs"]
mod guard;
#[cfg(test)]
#[path = "engine/identity.rs"]
mod identity;
#[cfg(test)]
#[path = "engine/life.rs"]
mod life;
#[cfg(test)]
#[path = "engine/meanwhile.rs"]
mod meanwhile;
#[cfg(test)]
#[path = "engine/quotas.rs"]
mod quotas;
#[cfg(test)]
#[path = "engine/reads.rs"]
mod reads;
#[cfg(test)]
#[path = "engine/remade.rs"]
mod remade;
#[cfg(test)]
#[path = "engine/requests.rs"]
mod requests;
#[cfg(test)]
#[path = "engine/survey.rs"]
mod survey;
