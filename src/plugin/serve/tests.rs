//! The whole stack over real sockets, from the listener to the sample provider, with the generated client.

// The lint knows only the bodies of tests, and here nearly all is helpers of tests.
#![allow(clippy::expect_used)]

mod calls;
mod connections;
mod ending;
mod harness;
mod process;
mod sample;
mod sockets;
mod tls;
