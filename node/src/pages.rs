//! What people read in a browser, made on the server: plain values in, markup out.

pub mod map;
