//! A Toguna node: what the protocol crate decides, this crate does.
//!
//! `store` keeps, `net` carries, `driver` is the one loop that owns the engine, `views` are read, and `app` is what
//! everything a person touches (`web`, `exchange`, `cli`) goes through. `store` and `net` never know each other.

pub mod app;
pub mod driver;
pub mod exchange;
pub mod net;
pub mod pack;
pub mod sample;
pub mod store;
pub mod views;
