//! An office that saves records as fast as it can and prints each once it is saved, until it is killed.
//!
//! `office DIRECTORY NAME ADDRESS PEER…`

#![allow(clippy::print_stdout, reason = "the lines are what the test reads")]

use std::{io::Write, net::SocketAddr, path::Path};

use toguna_tests::office::Office;

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [directory, name, address, peers @ ..] = args.as_slice() else { panic!("DIRECTORY NAME ADDRESS PEER…") };
    let socket = |text: &String| text.parse::<SocketAddr>().expect("an address");
    let mut office = Office::at(name, Path::new(directory)).listening_at(socket(address));
    for peer in peers {
        office = office.dials(socket(peer));
    }
    office.start().await;
    println!("up");
    for n in 0.. {
        let record = office.conflict(&format!("{name} {n}"), "Saved under load, and not to be lost.").await;
        println!("{record}");
        std::io::stdout().flush().expect("the test listens");
    }
}
