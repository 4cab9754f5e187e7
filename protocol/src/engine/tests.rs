//! Nodes in a world of their own: see [`crate::testing`].

mod convergence;
mod failures;
mod forks;
mod hostile;
