//! What Toguna nodes say to each other, and how records merge.
//!
//! The crate does no input or output: time, randomness, files and sockets reach it only as arguments and leave it
//! only as effects, so that the same events always give the same run. Where documents are brought up to date on two
//! cores ([`engine`]), the threads end before the call returns and their results are joined in order. `README.md`
//! beside this crate is the specification of what goes over the wire and into the store.
//!
//! Modules stand in reading order; each imports only from those above it.

#[cfg(any(test, feature = "testing"))]
pub mod plant;

pub mod ids;
pub mod limits;
pub mod wire;
#[cfg(any(test, feature = "testing"))]
pub mod memo;

mod change;
pub mod entry;
pub mod feed;
pub mod verify;
pub mod frontier;
pub mod beacon;

pub mod record;
pub mod document;
pub mod projection;

pub mod chunk;
pub mod frame;
pub mod shelf;
pub mod ledger;
pub mod bundle;
pub mod session;

pub mod engine;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(any(test, feature = "testing"))]
pub mod fuzz;
