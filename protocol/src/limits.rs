//! Every bound in one place, with its reason. What a peer sends is measured against these before it is parsed.

/// Bytes of one frame on the wire, length prefix excluded: the largest chunk, should it not compress. Ordinary chunks
/// expand to [`CHUNK_EXPANDED`] and pass a 64 kbit/s link in under a second.
pub const MAX_FRAME: usize = MAX_CHUNK_EXPANDED + 1024;

/// Bytes of a frame before the peer has proved that it belongs to the network: a hello and nothing else.
pub const MAX_FRAME_BEFORE_HELLO: usize = 512;

/// Bytes of one entry's payload. One save of every long text of a record at its limit stays below it.
pub const MAX_PAYLOAD: usize = 256 * 1024;

/// Bytes a chunk may expand to. An entry larger than [`CHUNK_EXPANDED`] travels alone, so one payload plus its
/// header is the most that an honest chunk holds.
pub const MAX_CHUNK_EXPANDED: usize = MAX_PAYLOAD + 64;

/// Expanded bytes after which a sender ends a run with a signature, so that a relay can cut there.
pub const CHUNK_EXPANDED: usize = 48 * 1024;

/// Entries after which a sender ends a run with a signature.
pub const CHUNK_ENTRIES: usize = 128;

/// Bytes of a feed's preceding operations that a run is packed with. On records with prose, what travels shrinks by a
/// sixth from 32 to 256 KiB, and hardly any more beyond.
pub const CHUNK_WINDOW: usize = 256 * 1024;

/// Feeds whose window is kept in memory.
pub const WINDOWS: usize = 24;

/// Changes that are kept in mind because others may rest on them, with about 200 bytes each.
pub const PARENTS: usize = 16 * 1024;

/// Entries of a record that are looked at to find the one that a change rests on, the latest first.
pub const MAX_LOOK_BACK: usize = 64;

/// The highest number an entry may have: a save every millisecond for thirty thousand years, and far enough from the
/// end of 64 bits that counting on never overflows.
pub const MAX_SEQ: usize = 1 << 50;

/// Frontiers and comparisons a peer may ask answers to at once in one session. The whole table of feeds compared takes
/// `MAX_FEEDS / MAX_PROBE` of them.
pub const MAX_QUESTIONS: u32 = 256;

/// The same, given back with every tick.
pub const QUESTIONS_PER_TICK: u32 = 8;

/// Feeds of one network a node keeps: sixty offices, each with some incarnations, and room for ten times that.
pub const MAX_FEEDS: usize = 4_096;

/// Entries of a feed that a node must lack before it asks for the last ones ahead of the rest: on a 64 kbit/s link they
/// take some ten seconds.
pub const AHEAD_AFTER: u64 = 1_000;

/// Entries that are sent ahead at once.
pub const AHEAD_ENTRIES: usize = CHUNK_ENTRIES;

/// Bytes that entries sent ahead expand to: packed for themselves they take a thin link little more than a second.
pub const AHEAD_EXPANDED: usize = 32 * 1024;

/// Feeds of which entries are held ahead.
pub const MAX_AHEAD: usize = 16;

/// Records with an open alert that go first over a thin link. Where more alerts are open than a country has cercles, none
/// stands out.
pub const MAX_PRESSING: usize = 64;

/// Branches of one forked feed a node keeps. Honest nodes hold at most one branch each.
pub const MAX_BRANCHES: usize = 64;

/// Seqs whose hashes one probe may ask for while two nodes look for the place where a feed forked.
pub const MAX_PROBE: usize = 64;

/// Headers in one side of a fork proof: from the fork to the next signature.
pub const MAX_PROOF_HEADERS: usize = CHUNK_ENTRIES;

/// Sessions at once. Sixty offices, and some connections that are being replaced.
pub const MAX_SESSIONS: usize = 128;

/// Frames that wait for the transport of one session before the engine stops producing more for it.
pub const MAX_QUEUED_FRAMES: usize = 16;

/// Unacknowledged chunk bytes towards one peer on a link whose rate is not yet known.
pub const MIN_WINDOW: usize = 16 * 1024;

/// Unacknowledged chunk bytes towards one peer, however fast the link.
pub const MAX_WINDOW: usize = 4 * 1024 * 1024;

/// Operations in one change: a form save has some dozens, an imported conference of 136 recommendations some
/// thousands, a long text at its limit as many as it has words, which may be single letters.
pub const MAX_CHANGE_OPS: usize = 200_000;

/// Bytes of all keys of one change, each counted as often as it is written: sixty bytes of run-length code could
/// otherwise stand for gigabytes.
pub const MAX_CHANGE_KEYS: usize = 8 * 1024 * 1024;

/// Dependencies of one change: heads of one record that were concurrent when it was made.
pub const MAX_CHANGE_DEPS: usize = 256;

/// The highest operation number a change may start at. Automerge keeps them in 32 bits in places; a hundred
/// million operations in one record are far beyond any form.
pub const MAX_START_OP: u64 = 100_000_000;

/// Entries of one record that may wait for entries we lack.
pub const MAX_WAITING_PER_RECORD: usize = 4_096;

/// Documents kept loaded; each takes some 30 kB.
pub const LOADED_DOCUMENTS: usize = 512;

/// Feeds that one beacon names: as many as a frontier.
pub const MAX_BEACON_FEEDS: usize = MAX_FEEDS * 2;

/// Beacons in one frame: as many small ones as [`BEACON_FRAME`] takes.
pub const MAX_BEACONS_AT_ONCE: usize = 127;

/// Bytes after which a frame of beacons takes no further one: one second of a 64 kbit/s link. The largest single
/// beacon, 131 kB, still fits into [`MAX_FRAME`] after that.
pub const BEACON_FRAME: usize = 8 * 1024;

/// Bytes of all beacons that a node keeps: those of a thousand offices take ten megabytes. What would not fit is not
/// taken.
pub const MAX_BEACON_BYTES: usize = 32 * 1024 * 1024;

/// Former statements of one office that are kept, to tell since when it has what it has; and feeds named in them.
pub const MAX_FORMER_BEACONS: usize = 16;

/// The same, in numbers that differ between them.
pub const MAX_FORMER_NUMBERS: usize = 512;

/// Letters of a program's version.
pub const MAX_VERSION: usize = 32;

/// Characters of an office's name.
pub const MAX_OFFICE_NAME: usize = 80;

/// Characters of the name of the person who made a change.
pub const MAX_PERSON_NAME: usize = 80;

/// Characters of the reason given with a change.
pub const MAX_REASON: usize = 500;

/// Characters of a title.
pub const MAX_TITLE: usize = 300;

/// Characters of a short text: a name, a place, a reference.
pub const MAX_SHORT_TEXT: usize = 300;

/// Characters of a text that is kept as one value: the wording of a recommendation, the reasons of a decision.
pub const MAX_PARAGRAPH: usize = 4_000;

/// The largest amount of money, in minor units: what JSON readers that know only floating point still read exactly.
pub const MAX_AMOUNT: i64 = 1_000_000_000_000_000;

/// The largest count of people, events or years.
pub const MAX_COUNT: u64 = 1_000_000_000;

/// Years a date may lie in: the oldest conflicts on record, and plans for the coming generations. What lies outside
/// is a slip of the pen (`0009`, `9999`).
pub const DATE_YEARS: std::ops::RangeInclusive<u16> = 1800..=2100;

/// Characters of a long text: a narrative, a part of a report. About twenty printed pages.
pub const MAX_LONG_TEXT: usize = 40_000;

/// Items of one list, withdrawn ones included.
pub const MAX_ITEMS: usize = 2_000;

/// Members of one set (regions, themes, aliases).
pub const MAX_SET: usize = 200;

/// Bytes of entries from peers that may wait for the store before peers are told to wait in turn.
pub const MAX_UNWRITTEN: usize = 32 * 1024 * 1024;

/// Proofs of forks that are kept in memory until the place where the feed forked has arrived.
pub const MAX_EARLY_FORKS: usize = 64;

/// Bytes of one record of a bundle: a frame, or an opening whose base names as many feeds as a frontier.
pub const MAX_BUNDLE_RECORD: usize = MAX_FRAME + MAX_FEEDS * 2 * 40;

/// Bytes that a draft of a form holds: as much as can be saved at once.
pub const MAX_DRAFT: usize = MAX_PAYLOAD;

/// Drafts of one account: more than anybody leaves unfinished. The oldest goes first.
pub const MAX_DRAFTS: usize = 200;

/// Forms of one account of which it is known that they were saved: whoever sends one again does so soon.
pub const MAX_SENT_FORMS: usize = 32;

/// Parts of a bundle that is split: a gigabyte in the smallest parts that make sense.
pub const MAX_BUNDLE_PARTS: usize = 16 * 1024;
