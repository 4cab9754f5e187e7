//! The thread that waits for the disk. Batches that queue up while it syncs are committed together.

use std::{
    io, mem,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use toguna_protocol::{engine::PersistId, feed::Tip, ids::FeedId, shelf::Batch};
use tokio::sync::mpsc::WeakSender;

use super::Message;
use crate::store::{self, Durability, Store, TipFile};

/// Bytes of batches that are committed together.
const GROUP: usize = 768 * 1024;

struct Job {
    id: PersistId,
    batch: Batch,
    durable: bool,
    own: Option<(FeedId, Tip)>,
}

enum Order {
    Write(Job),
    /// What comes after this no longer rests on what failed.
    Resume,
}

/// Speaks to the writer thread.
pub(super) struct Writer {
    orders: mpsc::Sender<Order>,
    thread: JoinHandle<()>,
}

impl Writer {
    pub(super) fn start(store: Arc<dyn Store>, tip_file: TipFile, driver: WeakSender<Message>) -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let desk = Desk { store, tip_file, driver, failed: false };
        let thread = thread::Builder::new().name("writer".into()).spawn(move || desk.run(&inbox))?;
        Ok(Writer { orders, thread })
    }

    pub(super) fn write(&self, id: PersistId, batch: Batch, durable: bool, own: Option<(FeedId, Tip)>) {
        self.order(Order::Write(Job { id, batch, durable, own }));
    }

    pub(super) fn resume(&self) {
        self.order(Order::Resume);
    }

    fn order(&self, order: Order) {
        // The thread ends only when this end is dropped, or by a panic, which the store's next error will tell.
        let _ = self.orders.send(order);
    }

    /// Writes what is queued and returns when the store is at rest.
    pub(super) fn finish(self) {
        drop(self.orders);
        let _ = self.thread.join();
    }
}

struct Desk {
    store: Arc<dyn Store>,
    tip_file: TipFile,
    driver: WeakSender<Message>,
    failed: bool,
}

impl Desk {
    fn run(mut self, inbox: &mpsc::Receiver<Order>) {
        let mut group: Vec<Job> = Vec::new();
        let mut size = 0;
        while let Ok(order) = inbox.recv() {
            let mut next = Some(order);
            while let Some(order) = next {
                match order {
                    Order::Write(job) => {
                        size += job.batch.size();
                        group.push(job);
                    }
                    Order::Resume => {
                        self.commit(mem::take(&mut group));
                        self.failed = false;
                    }
                }
                next = if size < GROUP { inbox.try_recv().ok() } else { None };
            }
            size = 0;
            self.commit(mem::take(&mut group));
        }
        // What is derived may not be durable yet; failing here loses nothing.
        let _ = self.store.sync();
    }

    fn commit(&mut self, group: Vec<Job>) {
        if group.is_empty() {
            return;
        }
        let durability = if group.iter().any(|job| job.durable) { Durability::Durable } else { Durability::Deferred };
        let own = group.iter().rev().find_map(|job| job.own);
        let (ids, batches): (Vec<_>, Vec<_>) = group.into_iter().map(|job| (job.id, job.batch)).unzip();
        let result =
            if self.failed { Err("an earlier write failed".to_owned()) } else { self.write(&batches, durability, own) };
        self.failed |= result.is_err();
        for id in ids {
            let message = match &result {
                Ok(()) => Message::Persisted(id),
                Err(why) => Message::NotPersisted(id, why.clone()),
            };
            if let Some(driver) = self.driver.upgrade() {
                // The driver has stopped: nobody is left to tell.
                let _ = driver.blocking_send(message);
            }
        }
    }

    fn write(&mut self, batches: &[Batch], durability: Durability, own: Option<(FeedId, Tip)>) -> Result<(), String> {
        self.store.commit_all(batches, durability).map_err(|error| error.to_string())?;
        if let Some((feed, tip)) = own {
            let tip = store::tip::Tip { feed, seq: tip.seq, hash: tip.hash };
            self.tip_file.record(tip).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}
