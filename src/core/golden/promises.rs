//! What an environment promises: who may do what in it, what its admission refuses, and which objects restrict it. Data, and the one
//! table of it: the README and the security notes print these rows, tests try them on a real API server, and `doctor environment`
//! asks them of a cluster.
//!
//! A row names the checks of the Kubernetes multi-tenancy benchmark (kubernetes-sigs/multi-tenancy, kubectl-mtb) that it covers.

mod access;
mod admission;
mod objects;
mod personas;

pub use access::{ACCESS, AccessPromise, Scope};
pub use admission::{AdmissionPromise, POD_SECURITY, Refused, admission};
pub use objects::{OBJECTS, ObjectPromise};
pub use personas::{PersonaAccess, personas};

#[cfg(test)]
mod tests;
