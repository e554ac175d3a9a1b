//! The whole stack over real sockets, from the listener to the sample provider, with the generated client.

// The lint knows only the bodies of tests, and here nearly all is helpers of tests.
#![allow(clippy::expect_used)]

#[path = "../examples/sample/provider.rs"]
mod sample;

mod calls;
mod ending;
mod harness;
mod process;
mod sessions;
mod sockets;
mod tls;
