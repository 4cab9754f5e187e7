//! A Toguna node: what the protocol crate decides, this crate does.
//!
//! `store` keeps, `net` carries, `driver` is the one loop that owns the engine, `views` are read, and `app` is what
//! everything a person touches (`pages`, `web`, `exchange`, `cli`) goes through. `store` and `net` never know each other.

mod letters;
pub mod pack;
pub mod words;
mod durable;
mod days;
mod flow;
pub mod certificate;
pub mod accounts;
pub mod store;
pub mod net;
pub mod views;
pub mod report;
pub mod driver;
pub mod app;
pub mod web;
pub mod pages;
pub mod exchange;
pub mod sample;
pub mod config;
pub mod client;
pub mod cli;
pub mod demo;
