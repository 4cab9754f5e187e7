//! Changes no honest node makes. Each must be set aside under its own name, and leave the document as it was.

use automerge::ExpandedChange;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A change rewritten as Automerge's own JSON form.
pub(super) fn forge(payload: &[u8], rewrite: impl FnOnce(&mut Value)) -> Vec<u8> {
    let change = Change::try_from(payload).unwrap();
    let mut json = serde_json::to_value(change.decode()).unwrap();
    rewrite(&mut json);
    let expanded: ExpandedChange = serde_json::from_value(json).unwrap();
    Change::from(expanded).raw_bytes().to_vec()
}

/// Gives a payload the checksum that belongs to its bytes, as far as Automerge can read it.
fn with_checksum(mut payload: Vec<u8>) -> Vec<u8> {
    let change = catch_unwind(|| Change::try_from(&payload[..]));
    if let Ok(Ok(change)) = change {
        payload[4..8].copy_from_slice(&change.hash().0[..4]);
    }
    payload
}

fn leb(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// Wraps a body as a chunk of the given type, with a checksum of zero.
fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, kind], &leb(body.len() as u64)[..], body].concat()
}

/// A change of feed 2 that rests on the creation, with these columns: number, bytes.
fn columns(columns: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let document = created();
    let (head, op) = (document.heads()[0], document.history()[0].max_op + 1);
    let mut body = [&[1][..], &head.0, &[16], feed(2).actor().to_bytes(), &[1], &leb(op), &[0, 0, 0]].concat();
    body.extend(leb(columns.len() as u64));
    for (number, bytes) in columns {
        body.extend([leb(*number), leb(bytes.len() as u64)].concat());
    }
    columns.iter().for_each(|(_, bytes)| body.extend(bytes));
    chunk(1, &body)
}

/// `times` puts of null at the root key `k`.
fn nulls(times: u64) -> Vec<(u64, Vec<u8>)> {
    let run = |value: &[u8]| [&signed(times)[..], value].concat();
    vec![(0x15, run(b"\x01k")), (0x34, leb(times)), (0x42, run(&[1])), (0x56, run(&[0])), (0x70, run(&[0]))]
}

fn signed(value: u64) -> Vec<u8> {
    let mut bytes = leb(value);
    let last = bytes.len() - 1;
    if bytes[last] & 0x40 != 0 {
        bytes[last] |= 0x80;
        bytes.push(0);
    }
    bytes
}

fn object(document: &Document, key: &str) -> String {
    document.automerge().get(ROOT, key).unwrap().unwrap().1.to_string()
}

/// Honest work for forgers to start from: feed 2 puts a value over another and adds an item.
fn honest(document: &Document) -> Vec<u8> {
    payload(document, feed(2), 5, |tx| {
        tx.put(ROOT, "title", "Autre titre")?;
        let items = tx.get(ROOT, "items")?.unwrap().1;
        tx.put_object(&items, "i", automerge::ObjType::Map).map(|_| ())
    })
}

/// A put of a text at the root key `k`, with these members replaced; null removes one.
pub(super) fn operation(members: &Value) -> Value {
    let mut operation = json!({"action": "set", "obj": "_root", "key": "k", "value": "v", "pred": []});
    for (name, value) in members.as_object().unwrap() {
        operation[name] = value.clone();
    }
    operation.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    operation
}

/// The same, as an insertion at the front of a sequence.
fn insertion(sequence: &str, members: &Value) -> Value {
    let mut all = json!({"obj": sequence, "key": null, "elemId": "_head", "insert": true});
    all.as_object_mut().unwrap().append(&mut members.as_object().unwrap().clone());
    operation(&all)
}

#[test]
fn forged_operations_are_set_aside_by_name() {
    use SetAside::*;
    let document = created();
    let by_first = |number: u64| format!("{number}@{}", feed(1).actor());
    let (title, piece, unknown) = (by_first(1), by_first(3), by_first(99));
    let (own, stranger) = (format!("99@{}", feed(2).actor()), format!("1@{}", feed(9).actor()));
    let (notes, list, items) = (object(&document, "notes"), object(&document, "list"), object(&document, "items"));
    let put = |members: Value| operation(&members);
    let insert = |sequence: &str, members: Value| insertion(sequence, &members);
    let cases = [
        ("unknown object", put(json!({"obj": unknown})), UnknownObject),
        ("a value as object", put(json!({"obj": title})), UnknownObject),
        ("an object of its own to come", put(json!({"obj": own})), UnknownObject),
        ("unknown actor", put(json!({"obj": stranger})), UnknownActor),
        ("unknown predecessor", put(json!({"pred": [unknown]})), UnknownPredecessor),
        ("predecessor at another key", put(json!({"pred": [title]})), UnknownPredecessor),
        ("predecessor elsewhere", put(json!({"obj": items, "key": "title", "pred": [title]})), UnknownPredecessor),
        ("predecessor twice", put(json!({"key": "title", "pred": [title, title]})), UnknownPredecessor),
        ("deletion of nothing", put(json!({"action": "del", "value": null, "key": "title"})), Malformed),
        ("insertion into a map", put(json!({"insert": true})), MisplacedKey),
        ("empty key", put(json!({"key": ""})), MisplacedKey),
        ("key in a list", put(json!({"obj": list})), MisplacedKey),
        ("element in a map", insert(&items, json!({})), MisplacedKey),
        ("after an unknown element", insert(&list, json!({"elemId": unknown})), UnknownElement),
        ("after another's element", insert(&list, json!({"elemId": piece})), UnknownElement),
        ("update of no element", insert(&list, json!({"elemId": title, "insert": false})), UnknownElement),
        ("insertion over another", insert(&notes, json!({"elemId": piece, "pred": [piece]})), Malformed),
        ("text of single characters", put(json!({"action": "makeText", "value": null})), Unsupported),
        ("counter", put(json!({"value": 1, "datatype": "counter"})), Unsupported),
        ("increment", put(json!({"action": "inc", "key": "title", "value": 1, "pred": [title]})), Unsupported),
        ("table", put(json!({"action": "makeTable", "value": null})), Unsupported),
    ];
    for (name, operation, reason) in cases {
        let payload = forge(&honest(&document), |json| json["ops"] = json!([operation]));
        refuses(&document, name, &payload, reason);
    }
}

/// The document refuses the payload, as feed 2's, for this reason, and is not touched by it; a change built upon it
/// is set aside too.
fn refuses(document: &Document, name: &str, payload: &[u8], reason: SetAside) {
    let forged = entry(feed(2), 1, payload);
    let mut document = document.clone();
    let (heads, content) = (document.heads(), document.automerge().hydrate(None));
    assert_eq!(document.insert(&forged, Standing::Trunk), [(forged.hash(), Placement::SetAside(reason))], "{name}");
    assert_eq!((document.heads(), document.automerge().hydrate(None)), (heads, content), "{name}");
    let hash = Change::try_from(payload).unwrap().hash();
    let upon = self::payload(&document, feed(4), 6, |tx| tx.put(ROOT, "phase", "open"));
    let upon = entry(feed(4), 1, &forge(&upon, |json| json["deps"] = json!([hash.to_string()])));
    let dependent = Placement::SetAside(SetAside::DependsOnSetAside(forged.hash()));
    assert_eq!(document.insert(&upon, Standing::Trunk), [(upon.hash(), dependent)], "{name}");
}

#[test]
fn forged_heads_are_set_aside_by_name() {
    let document = created();
    let payload = honest(&document);
    let mut later = document.clone();
    later.insert(&entry(feed(2), 1, &payload), Standing::Trunk);
    let rewrite = |key: &'static str, value: Value| forge(&payload, move |json| json[key] = value);
    let cases = [
        ("huge start op", rewrite("startOp", json!(u32::MAX)), SetAside::WrongStartOp),
        ("start op of the past", rewrite("startOp", json!(1)), SetAside::WrongStartOp),
        ("gap in the start ops", rewrite("startOp", json!(document.history()[0].max_op + 2)), SetAside::WrongStartOp),
        ("gap in the seqs", rewrite("seq", json!(2)), SetAside::WrongChangeSeq),
        ("huge seq", rewrite("seq", json!(u32::MAX)), SetAside::WrongChangeSeq),
        ("another's name", set(&document, feed(3), 5, "phase", "open"), SetAside::WrongActor),
        ("no past", rewrite("deps", json!([])), SetAside::NotFromCreation),
        ("no operation", rewrite("ops", json!([])), SetAside::Malformed),
    ];
    for (name, payload, reason) in cases {
        let mut document = document.clone();
        let forged = entry(feed(2), 1, &payload);
        let moved = document.insert(&forged, Standing::Trunk);
        assert_eq!(moved, [(forged.hash(), Placement::SetAside(reason))], "{name}");
        assert_eq!(document.heads(), created().heads(), "{name}");
    }
    let depending = entry(feed(1), 1, &set(&document, feed(1), 5, "phase", "open"));
    let mut document = document.clone();
    let moved = document.insert(&depending, Standing::Trunk);
    assert_eq!(moved, [(depending.hash(), Placement::SetAside(SetAside::CreationDepends))]);
}

#[test]
fn forged_bytes_are_set_aside_by_name() {
    let document = created();
    let good = honest(&document);
    let mut wrong_checksum = good.clone();
    wrong_checksum[5] ^= 1;
    let mut compressed = Change::try_from(&set(&document, feed(2), 5, "k", "a".repeat(2_000))[..]).unwrap();
    let column = |number: u64| vec![(number, vec![1, 1])];
    let times = 1 << 40;
    let long_key = {
        let key = [&signed(100_000)[..], &leb(100_000), &b"k".repeat(100_000)].concat();
        let mut columns = nulls(100_000);
        columns[0].1 = key;
        columns
    };
    let many_preds = {
        let mut columns = nulls(1);
        columns[4].1 = [&signed(1)[..], &leb(times)].concat();
        columns
    };
    let cases = [
        ("two changes", [&good[..], &good].concat(), SetAside::TrailingBytes),
        ("trailing byte", [&good[..], &[0]].concat(), SetAside::TrailingBytes),
        ("wrong checksum", wrong_checksum, SetAside::WrongChecksum),
        ("deflated change", compressed.bytes().into_owned(), SetAside::Compressed),
        ("deflated column", columns(&column(0x15 | 8)), SetAside::Compressed),
        ("a whole document", document.automerge().save(), SetAside::Malformed),
        ("unknown column", columns(&column(0xb5)), SetAside::Unsupported),
        ("column out of order", columns(&[column(0x42), column(0x15)].concat()), SetAside::Malformed),
        ("a trillion operations in sixty bytes", columns(&nulls(times)), SetAside::TooManyOperations),
        ("one operation too many", columns(&nulls(200_001)), SetAside::TooManyOperations),
        ("a trillion predecessors", columns(&many_preds), SetAside::TooManyOperations),
        ("ten gigabytes of keys", columns(&long_key), SetAside::TooManyOperations),
        ("too large", vec![0x85; 20 * 1024 * 1024], SetAside::TooLarge),
        ("nothing", Vec::new(), SetAside::Malformed),
        ("a trillion dependencies", chunk(1, &leb(times)), SetAside::TooManyDependencies),
    ];
    for (name, payload, reason) in cases {
        let mut document = document.clone();
        let forged = entry(feed(2), 1, &payload);
        assert_eq!(document.insert(&forged, Standing::Trunk), [(forged.hash(), Placement::SetAside(reason))], "{name}");
        assert_eq!(document.heads(), created().heads(), "{name}");
    }
    assert_eq!(with_checksum(columns(&nulls(3))).len(), columns(&nulls(3)).len());
    let sound = entry(feed(2), 1, &with_checksum(columns(&nulls(3))));
    let mut document = document.clone();
    assert_eq!(
        document.insert(&sound, Standing::Trunk),
        [(sound.hash(), Placement::Applied)],
        "the forger's tool can also make sound changes"
    );
}

#[test]
fn a_change_cannot_write_to_what_its_author_has_not_seen() {
    // Automerge accepts this one when the object has come by another way before.
    let mut document = created();
    let unseen = entry(
        feed(3),
        1,
        &payload(&document, feed(3), 5, |tx| tx.put_object(ROOT, "unseen", automerge::ObjType::Map).map(|_| ())),
    );
    let forged = forge(&honest(&document), |json| {
        let object = format!("{}@{}", document.history()[0].max_op + 1, feed(3).actor());
        json["ops"] = json!([{"action": "set", "obj": object, "key": "k", "value": "v", "pred": []}]);
    });
    let forged = entry(feed(2), 1, &forged);
    document.insert(&unseen, Standing::Trunk);
    document.insert(&forged, Standing::Trunk);
    assert_eq!(document.placement(&forged.hash()), Some(Placement::SetAside(SetAside::UnknownActor)));
}

#[test]
fn a_panic_in_automerge_costs_only_the_change_that_caused_it() {
    // A store that records a forged change as applied makes us skip the checks: Automerge then panics.
    let document = created();
    let unknown = json!({"obj": format!("99@{}", feed(1).actor())});
    let forged = forge(&honest(&document), |json| json["ops"] = json!([operation(&unknown)]));
    let forged = entry(feed(2), 1, &forged);
    let honest = entry(feed(3), 1, &set(&document, feed(3), 5, "phase", "open"));
    let stored = [creation(), forged.clone(), honest.clone()];
    let stored = stored.map(|entry| StoredEntry { entry, standing: Standing::Trunk, applied: true });

    let mut trusting = Document::empty(record());
    for StoredEntry { entry, standing, .. } in &stored {
        let (head, change) = read(entry).unwrap();
        let at = trusting.graph.add(entry, *standing, head, change.hash());
        trusting.graph.judge_from(at, true);
    }
    let moved = trusting.graph.settle_all();
    trusting.apply(moved, BTreeMap::new());
    assert_eq!(trusting.placement(&forged.hash()), Some(Placement::SetAside(SetAside::Failed)));
    assert_eq!(trusting.placement(&honest.hash()), Some(Placement::Applied));

    // Loading goes further, and judges all anew.
    let restored = Document::restore(record(), stored);
    assert_eq!(restored.placement(&forged.hash()), Some(Placement::SetAside(SetAside::UnknownObject)));
    assert_eq!(restored.placement(&honest.hash()), Some(Placement::Applied));
    assert_eq!(restored.heads(), trusting.heads());
}

#[test]
fn truncated_payloads_are_set_aside_at_every_length() {
    let document = created();
    let good = honest(&document);
    for len in 0..good.len() {
        let mut document = document.clone();
        let cut = entry(feed(2), 1, &good[..len]);
        let moved = document.insert(&cut, Standing::Trunk);
        assert_eq!(moved, [(cut.hash(), Placement::SetAside(SetAside::Malformed))], "{len} bytes");
    }
}

/// Where both our reader and Automerge accept a change, they read the same operations.
fn readings_agree(payload: &[u8]) {
    let Ok(head) = Head::parse(payload) else { return };
    let numbers: Vec<u32> = (0..=head.outline.others.len() as u32).collect();
    let Ok(ours) = head.operations(payload, &numbers) else { return };
    let Ok(theirs) = Change::try_from(payload) else { return };
    let theirs = theirs.decode();
    let actors: Vec<String> =
        std::iter::once(&head.outline.actor).chain(&head.outline.others).map(ToString::to_string).collect();
    let name = |op: &crate::change::OpRef| format!("{}@{}", op.number, actors[op.actor as usize]);
    let json = serde_json::to_value(&theirs).unwrap();
    assert_eq!(json["ops"].as_array().unwrap().len(), ours.rows.len());
    for (ours_row, theirs) in ours.rows.iter().zip(json["ops"].as_array().unwrap()) {
        use crate::change::Key;
        let object = ours_row.object.as_ref().map_or("_root".into(), name);
        assert_eq!(theirs["obj"], object);
        match ours_row.key {
            Key::Text(key) => assert_eq!(theirs["key"], key),
            Key::Front => assert_eq!(theirs["elemId"], "_head"),
            Key::Element(element) => assert_eq!(theirs["elemId"], name(&element)),
        }
        assert_eq!(theirs["insert"].as_bool().unwrap_or(false), ours_row.insert);
        let mut preds: Vec<String> = ours.preds[ours_row.preds.clone()].iter().map(name).collect();
        let mut expected: Vec<String> = serde_json::from_value(theirs["pred"].clone()).unwrap_or_default();
        preds.sort();
        expected.sort();
        assert_eq!(preds, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// Whatever bits are flipped, nothing panics, no check is missing, and both readers see the same change.
    #[test]
    fn flipped_bytes_never_reach_automerge_unchecked(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        deletion in any::<bool>(),
    ) {
        let mut document = created();
        let mut bytes = if deletion {
            payload(&document, feed(2), 5, |tx| {
                let notes = tx.get(ROOT, "notes")?.unwrap().1;
                tx.splice(&notes, 2, 3, ["xyz"])?;
                tx.delete(ROOT, "title")
            })
        } else {
            honest(&document)
        };
        for (at, value) in &flips {
            let at = at.index(bytes.len() - 9) + 9;
            bytes[at] = *value;
        }
        if Head::parse(&bytes).is_ok() {
            bytes = with_checksum(bytes);
            readings_agree(&bytes);
        }
        let flipped = entry(feed(2), 1, &bytes);
        let moved = document.insert(&flipped, Standing::Trunk);
        prop_assert_eq!(moved.len(), 1);
        prop_assert_ne!(&moved[0].1, &Placement::SetAside(SetAside::Failed));
        // The document can still be read and written.
        let _ = document.automerge().hydrate(None);
        let after = set(&document, feed(5), 9, "phase", "open");
        let after = entry(feed(5), 1, &after);
        prop_assert_eq!(document.insert(&after, Standing::Trunk), [(after.hash(), Placement::Applied)]);
    }
}
