//! The thread that fills the views: first from the stored rows, then from each change, and only then the replies.

use std::{
    io,
    sync::{Arc, mpsc},
    thread,
};

use toguna_protocol::{
    engine::rows::{self, Row},
    shelf::Table,
};
use tokio::sync::broadcast;
use tracing::{info, warn};

use crate::{
    app::{Happening, Shown},
    store::Store,
    views::Views,
};

/// Rows that are shown together.
const AT_ONCE: usize = 256;

/// Starts the thread; it ends when the sender is dropped.
pub(super) fn start(
    store: Arc<dyn Store>,
    views: Arc<Views>,
    happenings: broadcast::Sender<Happening>,
) -> io::Result<mpsc::Sender<Shown>> {
    let (sender, inbox) = mpsc::channel();
    let shower = Shower { views, happenings };
    thread::Builder::new().name("shower".into()).spawn(move || shower.run(&*store, &inbox))?;
    Ok(sender)
}

struct Shower {
    views: Arc<Views>,
    happenings: broadcast::Sender<Happening>,
}

impl Shower {
    fn run(&self, store: &dyn Store, inbox: &mpsc::Receiver<Shown>) {
        let mut from = Vec::new();
        // What changes meanwhile is shown in between; a stored row never replaces a newer one.
        while let Some(next) = self.index(store, &from) {
            from = next;
            while let Ok(shown) = inbox.try_recv() {
                self.show(shown, inbox);
            }
        }
        self.views.set_complete();
        info!(records = self.views.count().unwrap_or(0), "views are complete");
        while let Ok(shown) = inbox.recv() {
            self.show(shown, inbox);
        }
    }

    /// Shows some stored rows from a key on, and returns the key to go on from.
    fn index(&self, store: &dyn Store, from: &[u8]) -> Option<Vec<u8>> {
        let mut last = None;
        let mut stored: Vec<Row> = Vec::new();
        let mut seen = 0;
        let scanned = store.scan(Table::Records, from, None, &mut |key, value| {
            last = Some(key.to_vec());
            stored.extend(rows::decode(&value));
            seen += 1;
            seen < AT_ONCE
        });
        if let Err(error) = scanned {
            warn!(%error, "stored rows could not be read: `toguna check` tells more");
            return None;
        }
        self.apply(&stored);
        let mut next = last?;
        next.push(0);
        Some(next)
    }

    /// Shows a change and those that wait behind it, in order.
    fn show(&self, first: Shown, inbox: &mpsc::Receiver<Shown>) {
        let mut rows = Vec::new();
        let mut next = Some(first);
        while let Some(shown) = next {
            match shown {
                Shown::Row(row) => rows.push(*row),
                Shown::Gone(record) => {
                    self.publish(&mut rows);
                    if let Err(error) = self.views.forget(record) {
                        warn!(%error, "a record could not be taken from the views: start the node again");
                    }
                }
                Shown::Reply(reply, result) => {
                    self.publish(&mut rows);
                    // The person has gone; the change stands.
                    let _ = reply.send(result);
                }
            }
            next = if rows.len() < AT_ONCE { inbox.try_recv().ok() } else { None };
        }
        self.publish(&mut rows);
    }

    fn publish(&self, rows: &mut Vec<Row>) {
        self.apply(rows);
        for row in rows.drain(..) {
            // Nobody follows: nobody misses it.
            let _ = self.happenings.send(Happening::Record { id: row.id, arrival: row.arrival });
        }
    }

    fn apply(&self, rows: &[Row]) {
        if !rows.is_empty()
            && let Err(error) = self.views.apply(rows)
        {
            warn!(%error, "rows could not be shown: start the node again");
        }
    }
}
