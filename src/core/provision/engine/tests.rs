//! The engine over the fake target, as a client uses it. Each file is one kind of promise.

mod authentication;
mod drift;
mod entries;
mod failure;
mod guard;
mod identity;
mod life;
mod reads;
