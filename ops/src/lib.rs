//! Watching the health of a Toguna network: [`gather`] asks every node how it stands, [`diff`] compares the answers
//! and says what is wrong, [`report`] writes that down for people or programs. Over a network, nodes are asked under
//! TLS and known by their certificate ([`pinned`]).
//!
//! Imports the protocol's names and nothing of the node: what a node's `/api/v1/status` says is pinned by a contract
//! test.

pub mod gather;
pub mod pinned;
pub mod diff;
pub mod report;
