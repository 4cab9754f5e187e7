//! A Toguna node: store, links, views, HTTP API and command line.

pub mod pack;

pub mod exchange;

pub mod sample;
