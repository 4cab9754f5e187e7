//! Who has a record, and how fresh the records of others are.

use super::*;

/// Asks until an answer is as it should be: what offices say they hold follows their entries within seconds.
async fn eventually(office: &Office, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut answer = Value::Null;
    for _ in 0..200 {
        answer = office.get(path).await.json();
        if is_so(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never as it should be: {answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_tells_who_has_it_since_when_and_how_that_is_known() {
    let (gao, kidal) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, two) = linked(gao.path(), kidal.path()).await;
    let (id, etag) = one.conflict().await;
    let path = format!("/records/{id}/receipts");
    let all_have = |answer: &Value| answer["receipts"].as_array().unwrap().iter().any(|one| one["state"] == "has");
    let answer = eventually(&one, &path, all_have).await;
    let receipts = answer["receipts"].as_array().unwrap();
    let of = |name: &str| receipts.iter().find(|receipt| receipt["name"] == name).unwrap();
    assert_eq!((&of("Gao")["state"], &of("Gao")["since"], &of("Gao")["of"]), (&json!("here"), &Value::Null, &json!(1)));
    let theirs = of("Kidal");
    assert_eq!((&theirs["entries"], &theirs["region"]), (&json!(1), &json!("ML-7")));
    assert_eq!(theirs["since"]["carrier"], json!({"kind": "link", "via": null, "via_name": null}));
    for time in ["stated_at", "heard_at"] {
        let at: jiff::Timestamp = theirs["since"][time].as_str().unwrap().parse().unwrap();
        assert!((jiff::Timestamp::now().as_second() - at.as_second()).abs() < 60, "{time}");
    }
    let status = eventually(&two, "/api/v1/status", |status| status["known_missing"] == 0).await;
    let region = &status["regions"][0];
    assert_eq!((&region["region"], &region["offices"], &region["missing"]), (&json!("ML-7"), &json!(2), &json!(0)));
    assert!(region["as_of"].is_string(), "{region}");
    let office = status["offices"].as_array().unwrap().iter().find(|office| office["name"] == "Gao").unwrap();
    assert_eq!((&office["missing"], &office["version"]), (&json!(0), &json!(env!("CARGO_PKG_VERSION"))));
    assert!(office["as_of"].as_str() >= office["last_entry_at"].as_str(), "{office}");
    // What is written while the other is away is here only, and stays so over a start.
    stop([one, two]).await;
    let one = Office::at("Gao", gao.path(), None).await;
    assert_eq!(one.patch(&id, &etag, json!({"notes": "x"})).await.status, 200);
    let answer = one.get(&path).await.json();
    let theirs = answer["receipts"].as_array().unwrap().iter().find(|receipt| receipt["name"] == "Kidal").unwrap();
    assert_eq!((&theirs["state"], &theirs["entries"], &theirs["of"]), (&json!("partial"), &json!(1), &json!(2)));
    assert_eq!(theirs["since"], Value::Null);
    assert!(theirs["last_word"]["stated_at"].is_string());
    stop([one]).await;
}

#[tokio::test]
async fn what_nobody_said_is_unknown_and_not_zero() {
    let office = Office::new().await;
    let (id, _) = office.conflict().await;
    let receipts = office.get(&format!("/records/{id}/receipts")).await.json();
    assert_eq!(receipts["receipts"].as_array().unwrap().len(), 1);
    assert_eq!(receipts["receipts"][0]["state"], "here");
    assert_eq!(office.get("/api/v1/status").await.json()["known_missing"], Value::Null);
    let problem = office.get(&format!("/records/{}/receipts", "a".repeat(26))).await.problem();
    assert_eq!((problem.0, problem.1.as_str()), (404, "not-found"));
    let problem = office.get("/records/abc/receipts").await.problem();
    assert_eq!((problem.0, problem.1.as_str()), (404, "not-found"));
}
