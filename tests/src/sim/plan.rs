//! What will happen to a world, drawn from its seed before it begins: who is linked to whom, who works when, and what
//! goes wrong. A plan is a list, so that a failure can be made smaller by leaving deeds out.

use toguna_protocol::testing::Chance;

use super::{
    clock::{DAY, HOUR, MINUTE, SECOND, Time},
    options::{Options, Profile},
};

/// A link that two offices may have.
#[derive(Debug, Clone, Copy)]
pub struct Road {
    /// The two offices.
    pub ends: [usize; 2],
    /// Bits a second, each way.
    pub rate: u64,
    /// Milliseconds one way.
    pub latency: Time,
    /// Of a thousand packets so many are lost; on a stream that is delay.
    pub loss: usize,
}

/// Something that is done, to a world or in it.
#[derive(Debug, Clone, Copy)]
pub struct Deed {
    /// When.
    pub at: Time,
    /// Its own source of chance, so that it does not depend on the other deeds.
    pub seed: u64,
    /// What.
    pub what: What,
}

/// What is done. Offices and roads go by their numbers.
#[derive(Debug, Clone, Copy)]
pub enum What {
    /// Somebody at an office writes something.
    Work(usize),
    /// A road comes up for so long.
    Meet(usize, Time),
    /// Somebody sets out on a road with a stick, from the one end or the other.
    Stick(usize, usize),
    /// What stands on a road breaks, at whatever byte it has come to.
    Cut(usize),
    /// An office loses power when its store has taken so many further steps, and is down for so long.
    Crash(usize, u32, Time),
    /// An office's node is stopped in good order, and is down for so long.
    Stop(usize, Time),
    /// An office's data directory is copied now, and put back after so long.
    Restore(usize, Time),
    /// An office's disk is full for so long.
    Full(usize, Time),
    /// A value in an office's store can no longer be read; so long after, somebody starts the node again.
    Damage(usize, Time),
    /// An office's clock jumps by so many seconds.
    Jump(usize, i64),
    /// A member of the network, by its number, lies to an office.
    Lie(u8, usize),
}

/// Everything that will happen.
#[derive(Debug)]
pub struct Plan {
    /// Who may be linked to whom.
    pub roads: Vec<Road>,
    /// What is done, by number. Not in the order of time.
    pub deeds: Vec<Deed>,
    /// When the last fault is over and all roads come up for good.
    pub end: Time,
}

/// Members that lie.
pub const LIARS: u8 = 3;

impl Plan {
    /// The plan of a run.
    pub fn of(options: &Options) -> Self {
        let roads = roads(options);
        let mut deeds = Vec::new();
        for day in 0..options.days {
            for (number, _) in roads.iter().enumerate() {
                on_a_road(options, number, day, &mut deeds);
            }
            for node in 0..options.nodes {
                at_an_office(options, node, day, &mut deeds);
            }
        }
        Plan { roads, deeds, end: options.days * DAY + HOUR }
    }

    /// The deeds that the options ask for, with their numbers.
    pub fn asked_for(&self, options: &Options) -> Vec<(usize, Deed)> {
        let wanted = |number: &usize| options.only.as_ref().is_none_or(|only| only.contains(number));
        self.deeds.iter().copied().enumerate().filter(|(number, _)| wanted(number)).collect()
    }
}

/// A source of chance for one concern, so that fewer nodes or days leave what remains as it was.
fn chance(options: &Options, concern: u64, number: usize, day: u64) -> Chance {
    let mut chance = Chance::new(options.seed);
    for part in [concern, number as u64, day] {
        chance = Chance::new(chance.draw() ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
    chance
}

/// Who may be linked to whom, in a line, a star, or a tree, and how.
pub fn roads(options: &Options) -> Vec<Road> {
    // A line, a star, or a tree in between.
    let shape = Chance::new(options.seed).below(3);
    let mut roads = Vec::new();
    for node in 1..options.nodes {
        let mut chance = chance(options, 1, node, 0);
        let to = match shape {
            0 => node - 1,
            1 => 0,
            _ => chance.below(node),
        };
        let (rate, latency, loss) = match options.profile {
            Profile::Mali | Profile::Hostile | Profile::Usb => match chance.below(4) {
                0 => (10_000_000, 5, 0),
                1 => (256_000, 150, 5),
                _ => (64_000, 300, 10),
            },
            Profile::Scale => (1_000_000, 50, 1),
        };
        roads.push(Road { ends: [to, node], rate, latency, loss });
        // Some have a second way round.
        if node > 1 && to != node - 2 && chance.once_in(4) {
            roads.push(Road { ends: [node - 2, node], rate, latency, loss });
        }
    }
    roads
}

/// What happens on a road in a day: it is up now and then, and cut.
pub fn on_a_road(options: &Options, road: usize, day: u64, deeds: &mut Vec<Deed>) {
    let mut chance = chance(options, 2, road, day);
    if options.profile == Profile::Usb {
        for _ in 0..1 + chance.below(3) {
            let (at, side) = (day * DAY + chance.draw() % DAY, chance.below(2));
            deeds.push(Deed { at, seed: chance.draw(), what: What::Stick(road, side) });
        }
        return;
    }
    for _ in 0..1 + chance.below(3) {
        let (at, lasts) = (day * DAY + chance.draw() % DAY, 20 * SECOND + chance.draw() % (12 * MINUTE));
        deeds.push(Deed { at, seed: chance.draw(), what: What::Meet(road, lasts) });
        if chance.once_in(2) {
            // Soon, while most is under way, or later.
            let at = at + chance.draw() % if chance.once_in(2) { lasts } else { 10 * SECOND };
            deeds.push(Deed { at, seed: chance.draw(), what: What::Cut(road) });
        }
    }
    // Some meetings are cut again and again.
    if chance.once_in(6) {
        let at = day * DAY + chance.draw() % DAY;
        deeds.push(Deed { at, seed: chance.draw(), what: What::Meet(road, 5 * MINUTE) });
        for cut in 1..8 {
            let at = at + cut * 20 * SECOND + chance.draw() % (20 * SECOND);
            deeds.push(Deed { at, seed: chance.draw(), what: What::Cut(road) });
        }
    }
}

fn at_an_office(options: &Options, node: usize, day: u64, deeds: &mut Vec<Deed>) {
    let mut chance = chance(options, 3, node, day);
    let mut add = |chance: &mut Chance, what| {
        let at = day * DAY + chance.draw() % DAY;
        deeds.push(Deed { at, seed: chance.draw(), what });
    };
    if options.profile == Profile::Scale {
        if chance.once_in(options.nodes.div_ceil(20)) {
            add(&mut chance, What::Work(node));
        }
        return;
    }
    for _ in 0..3 + chance.below(6) {
        add(&mut chance, What::Work(node));
    }
    let minutes = |chance: &mut Chance, most: u64| MINUTE + chance.draw() % (most * MINUTE);
    if chance.once_in(2) {
        let (steps, down) = (chance.below(12) as u32, minutes(&mut chance, 120));
        add(&mut chance, What::Crash(node, steps, down));
    }
    if chance.once_in(4) {
        let down = minutes(&mut chance, 600);
        add(&mut chance, What::Stop(node, down));
    }
    if chance.once_in(4) {
        let lasts = minutes(&mut chance, 240);
        add(&mut chance, What::Full(node, lasts));
    }
    if chance.once_in(6) {
        let after = minutes(&mut chance, 600);
        add(&mut chance, What::Restore(node, after));
    }
    if chance.once_in(6) {
        let after = minutes(&mut chance, 60);
        add(&mut chance, What::Damage(node, after));
    }
    if chance.once_in(5) {
        let by = [-400 * 24 * 3600, -3600, 60, 3600, 90 * 24 * 3600][chance.below(5)];
        add(&mut chance, What::Jump(node, by));
    }
    if options.profile == Profile::Hostile {
        for _ in 0..1 + chance.below(4) {
            let liar = chance.below(LIARS.into()) as u8;
            add(&mut chance, What::Lie(liar, node));
        }
    }
}
