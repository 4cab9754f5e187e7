-- The read models, in memory only. Everything here can be made anew from the stored rows.

CREATE TABLE records (
    n          INTEGER PRIMARY KEY,
    grp        INTEGER,          -- the record that speaks for all that are tied as the same conflict: mostly itself
    id         BLOB NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    status     TEXT,             -- of a consultation or project; phase of a conflict
    source_ref TEXT,
    events     INTEGER NOT NULL, -- holds events of another source, and is no record of the programme
    origin     TEXT,             -- of a project
    announced  INTEGER,          -- how many recommendations a consultation's report announces
    place      TEXT,             -- of a conflict, as JSON
    arrival    INTEGER NOT NULL,
    waiting    INTEGER NOT NULL, -- entries that wait for others
    set_aside  INTEGER NOT NULL,
    digest     BLOB NOT NULL,    -- of the whole row, to be compared with one made anew
    needs      INTEGER NOT NULL, -- one bit for each thing that needs a person
    listed     TEXT NOT NULL,    -- what a list shows of it, as JSON
    began      INTEGER NOT NULL, -- the arrival of the first entry of it
    created    INTEGER NOT NULL, -- Unix seconds, by the clock of the office that created it
    updated    INTEGER NOT NULL, -- of the office that changed it last
    office     BLOB NOT NULL     -- which that is
);
CREATE INDEX records_by_arrival ON records (arrival, id);
CREATE INDEX records_by_group ON records (grp);
CREATE INDEX records_by_update ON records (updated);
CREATE INDEX records_by_kind ON records (kind, status);
CREATE INDEX records_unapplied ON records (waiting, set_aside) WHERE waiting > 0 OR set_aside > 0;
CREATE INDEX records_by_source ON records (source_ref) WHERE source_ref IS NOT NULL;

-- A record without a row here concerns the whole country.
CREATE TABLE regions (
    region TEXT NOT NULL,
    record INTEGER NOT NULL,
    PRIMARY KEY (region, record)
) WITHOUT ROWID;
CREATE INDEX regions_of_record ON regions (record);

-- What conflicts are about.
CREATE TABLE stakes (
    stake  TEXT NOT NULL,
    record INTEGER NOT NULL,
    PRIMARY KEY (stake, record)
) WITHOUT ROWID;
CREATE INDEX stakes_of_record ON stakes (record);

-- "Same conflict", as far as ties stand. The other record may not be here yet, or be no conflict.
CREATE TABLE ties (
    record INTEGER NOT NULL,
    item   TEXT NOT NULL,
    other  BLOB NOT NULL,
    PRIMARY KEY (record, item)
) WITHOUT ROWID;
CREATE INDEX ties_by_other ON ties (other);

CREATE TABLE items (
    number INTEGER PRIMARY KEY,
    record INTEGER NOT NULL,
    list   TEXT NOT NULL,        -- recommendations, recommendations/follow_ups, incidents, …
    item   TEXT NOT NULL,
    parent TEXT,                 -- the item it is nested in
    counts INTEGER NOT NULL,     -- neither withdrawn, nor reversed, nor itself a reversal
    fields TEXT NOT NULL         -- JSON
);
CREATE INDEX items_of_record ON items (record);
CREATE INDEX items_by_list ON items (list, counts);
CREATE INDEX items_by_parent ON items (parent) WHERE parent IS NOT NULL;

-- What is due, or waits for somebody to do something.
CREATE TABLE matters (
    record   INTEGER NOT NULL,
    item     INTEGER NOT NULL,   -- its number in items
    matter   INTEGER NOT NULL,   -- what is open about it
    date     TEXT,               -- when it is due, was decided or raised
    answered TEXT,               -- of an alert
    first    INTEGER,            -- the earliest day that the date can mean: 20101231
    last     INTEGER,            -- the latest
    rank     INTEGER NOT NULL    -- the lowest is shown first
);
CREATE INDEX matters_of_record ON matters (record);
CREATE INDEX matters_by_kind ON matters (matter, rank, last);

-- By what the tracker narrows and sorts recommendations.
CREATE TABLE tracked (
    place    BLOB PRIMARY KEY,   -- in the tracker's order
    record   INTEGER NOT NULL,
    item     INTEGER NOT NULL,   -- its number in items
    counts   INTEGER NOT NULL,   -- as in items
    theme    TEXT,
    level    TEXT,               -- of those it is addressed to
    addressees TEXT NOT NULL,    -- their names, folded
    status   TEXT,
    priority TEXT,
    last     INTEGER,            -- the latest day that its due date can mean: 20101231
    silent   INTEGER NOT NULL    -- has no follow-up
) WITHOUT ROWID;
CREATE INDEX tracked_of_record ON tracked (record);

-- In which feeds something of a record stands.
CREATE TABLE touched (
    record INTEGER NOT NULL,
    feed   BLOB NOT NULL,
    office BLOB NOT NULL,        -- that writes the feed
    seq    INTEGER NOT NULL,     -- the number of the last entry of it
    last   INTEGER NOT NULL      -- the arrival of that entry
);
CREATE INDEX touched_by_feed ON touched (feed, seq);
CREATE INDEX touched_of_record ON touched (record);
CREATE INDEX touched_by_arrival ON touched (last);

-- Divergences that were settled, for each office that a value came from and that did not settle it itself.
CREATE TABLE settled (
    record     INTEGER NOT NULL,
    office     BLOB NOT NULL,
    settlement TEXT NOT NULL     -- JSON
);
CREATE INDEX settled_of_record ON settled (record);
CREATE INDEX settled_by_office ON settled (office);

-- What projects need in all.
CREATE TABLE needs (
    record   INTEGER PRIMARY KEY,
    currency TEXT NOT NULL,
    amount   INTEGER NOT NULL    -- minor units
);

-- What the tree of consultations shows of each, beside what a list shows.
CREATE TABLE meetings (
    record          INTEGER PRIMARY KEY,
    name            TEXT NOT NULL,    -- its title, folded, by which those of one day are sorted
    level           TEXT,
    type            TEXT,
    date            TEXT,             -- when it began, else when it ended
    first           INTEGER,          -- the earliest day that the date can mean: 20101231
    report          INTEGER NOT NULL, -- how many of the four parts of the report say something
    recommendations INTEGER NOT NULL  -- how many of them count
);

-- Ties by which one consultation stands under another, as far as they stand. The other record may not be here yet, or be
-- no consultation.
CREATE TABLE branches (
    record   INTEGER NOT NULL,
    item     TEXT NOT NULL,
    other    BLOB NOT NULL,
    relation TEXT NOT NULL,
    PRIMARY KEY (record, item)
) WITHOUT ROWID;
CREATE INDEX branches_by_other ON branches (other);

-- What an export needs beside what a list shows.
CREATE TABLE outlines (
    record  INTEGER PRIMARY KEY,
    outline TEXT NOT NULL        -- JSON
);

-- Only the index is kept, not the texts.
CREATE VIRTUAL TABLE search USING fts5 (
    body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
