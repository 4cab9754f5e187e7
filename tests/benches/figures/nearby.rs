//! How soon a save at one office is seen at another that it is connected to.

use std::time::{Duration, Instant};

use toguna::app::Happening;
use toguna_tests::office::{Office, converge};

use crate::{
    node::runtime,
    report::{Figure, percentile},
};

const SAVES: usize = 60;

pub(crate) fn measure() -> Vec<Figure> {
    runtime().block_on(async {
        let mut gao = Office::new("Gao");
        gao.start().await;
        let mut bamako = Office::new("Bamako").dials(gao.address);
        bamako.start().await;
        gao.enter_samples(1, 50).await;
        converge(&[&gao, &bamako]).await;
        let mut times = Vec::new();
        for save in 0..SAVES {
            let (from, to) = if save % 2 == 0 { (&gao, &bamako) } else { (&bamako, &gao) };
            let mut seen = to.app().follow();
            let start = Instant::now();
            let record = from.conflict(&format!("Puits {save}"), "Une rumeur, entendue au marché.").await;
            loop {
                match seen.recv().await.expect("the office goes on") {
                    Happening::Record { id, .. } if id == record => break,
                    _ => {}
                }
            }
            times.push(start.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        gao.stop().await;
        bamako.stop().await;
        vec![
            Figure::millis("a save seen at a connected office, median", percentile(&times, 50)).at_most(150.0),
            Figure::millis("a save seen at a connected office, p95", percentile(&times, 95)),
        ]
    })
}
