//! Lists leave as files: what the page offers, who may have what, and the journal (J5.3 of the journeys).

use super::*;

#[tokio::test]
async fn a_reader_takes_a_list_out_and_the_journal_says_so() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    officer.conflict(&[("title", "Touaregs et Peuls à Gao"), ("regions", "ML-7")]).await;
    officer.conflict(&[("title", "Un autre"), ("regions", "ML-8")]).await;
    officer.conflict(&[("title", "Secret"), ("regions", "ML-7"), ("sensitivity", "restricted")]).await;
    let reader = office.sign_in("Moussa").await;
    let list = reader.get("/conflicts?region=ML-7&text=&status=").await;
    for format in ["csv", "xlsx", "geojson"] {
        list.says(&format!("href=\"/conflicts/export.{format}?region=ML-7\""));
    }
    list.does_not_say("complete=1");
    let file = reader.get("/conflicts/export.csv?region=ML-7").await;
    assert_eq!((file.status, file.header("content-type")), (200, "text/csv; charset=utf-8"), "{file:?}");
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"conflicts-{today}.csv\""));
    for text in ["Situation arrêtée au", "Touaregs et Peuls à Gao", "1 fiche à diffusion restreinte non exportée"]
    {
        file.says(text);
    }
    for text in ["Secret", "Un autre", "Diffusion restreinte"] {
        file.does_not_say(text);
    }
    let journal = reader.get("/journal").await;
    for text in ["Moussa (Lecteur (lecture seule))", "Conflits communautaires – Gao", "CSV", "La dernière ligne"] {
        journal.says(text);
    }
    journal.does_not_say("Touaregs");
    office.app.stop().await;
}

#[tokio::test]
async fn texts_leave_only_with_whoever_answers_for_them() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    officer.conflict(&[("title", "Un"), ("narrative", "Un long récit")]).await;
    for name in ["Aïssata", "Moussa"] {
        let refused = office.sign_in(name).await.get("/conflicts/export.csv?complete=1").await;
        assert_eq!(refused.status, 403, "{refused:?}");
        refused.says("Réservé");
        refused.does_not_say("récit de");
    }
    officer.get("/conflicts/export.csv").await.does_not_say("Un long récit");
    assert_eq!(officer.get("/journal").await.status, 403);
    let head = office.sign_in("Fatoumata").await;
    head.get("/conflicts").await.says("href=\"/conflicts/export.csv?complete=1\"");
    head.get("/conflicts/export.csv?complete=1").await.says("Un long récit");
    head.get("/journal").await.says("avec récits et notes");
    office.app.stop().await;
}

#[tokio::test]
async fn nobody_exports_without_signing_in_and_only_lists_are_exported() {
    let office = Office::new().await;
    for path in ["/conflicts/export.csv", "/projects/export.xlsx", "/consultations/export.geojson", "/journal"] {
        let answer = office.ask(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/sign-in"), "{path}");
    }
    let reader = office.sign_in("Moussa").await;
    for path in ["/sync/export.csv", "/nothing/export.geojson", "/conflicts/export.pdf"] {
        assert_eq!(reader.get(path).await.status, 404, "{path}");
    }
    reader.get("/journal").await.says("Rien n'a encore été exporté");
    office.app.stop().await;
}

#[tokio::test]
async fn the_journal_keeps_no_text_that_an_address_asks_for() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    officer.conflict(&[("title", "Un"), ("phase/is", "open")]).await;
    for asked in ["status=open", "status=Secret&region=Secret"] {
        assert_eq!(officer.get(&format!("/conflicts/export.csv?{asked}")).await.status, 200, "{asked}");
    }
    let journal = std::fs::read_to_string(office.app.data_dir().join("exports.jsonl")).unwrap();
    assert_eq!(journal.lines().count(), 2);
    assert!(journal.contains("\"open\"") && !journal.contains("Secret"), "{journal}");
    office.app.stop().await;
}
