//! Out-of-band changes: what somebody else does with kubectl or the console, for the command line and the contract suite. No
//! fault meets them and no log names them.

mod cluster;
mod contract;
mod controls;
mod field;
mod objects;

pub use objects::ListedObject;
