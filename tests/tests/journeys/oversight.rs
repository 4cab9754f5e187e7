//! J5: oversight, which reads and changes nothing.

use std::fs;

use toguna_tests::demonstration::At;

use super::{PROGRAM, begin, download_to, downloaded, expert, open_record};

const PASSWORD: &str = "une courte phrase pour lire";

#[tokio::test(flavor = "multi_thread")]
async fn oversight_reads_who_changed_what_and_changes_nothing() {
    let Some((mut browser, demo)) = begin("j5-oversight", true).await else { return };
    // What there is to oversee: the divergence of the expert's journey, settled.
    expert::diverge(&mut browser, &demo).await;
    expert::settle(&mut browser, &demo).await;
    demo.add_account(PROGRAM, At::Bamako, "Contrôle général", "reader", PASSWORD);

    // 1. Signed in to read: who, what before and after, when, from where.
    browser.goto(&demo.page(At::Bamako, "/sign-in")).await;
    browser.fill("Nom du compte", "Contrôle général").await;
    browser.fill("Mot de passe", PASSWORD).await;
    browser.click("Se connecter").await;
    browser.see("Contrôle général (Lecteur (lecture seule))").await;
    open_record(&mut browser, &demo, At::Bamako, "Conflits", expert::RECORD).await;
    let record = browser.address().await;
    browser.see_no("Modifier").await;
    browser.click("Historique").await;
    for words in [
        "Démo – Agent régional, Gao, ",
        "Démo – Agent régional, Bamako, ",
        "Réglé, depuis une date entre octobre 2008 et décembre 2010 → Résurgence, depuis le 20 novembre 2026",
        "→ En apaisement, depuis le 20 novembre 2026",
        "motif : appel du gouvernorat",
        "Phase – tranché : Résurgence, depuis le 20 novembre 2026 · Valeurs saisies : ",
    ] {
        browser.see(words).await;
    }
    browser.shot("history").await;
    browser.assert_calm().await;

    // 2. Asking for a form is no way in.
    let before = demo.api(At::Bamako, "/status").await["digest"].clone();
    browser.goto(&format!("{record}/edit")).await;
    browser.see("Lecture seule").await;
    browser.see("Rien n'a été changé.").await;
    browser.shot("read-only").await;
    let status = "return performance.getEntriesByType('navigation')[0].responseStatus";
    assert_eq!(browser.script(status, Vec::new()).await, 403);
    let told = browser.console().await;
    assert!(told.iter().all(|line| line.contains("403")), "{told:#?}");
    assert_eq!(demo.api(At::Bamako, "/status").await["digest"], before);

    // 3. A file, and its trace.
    browser.goto(&demo.page(At::Bamako, "/journal")).await;
    browser.see("Journal des exports").await;
    browser.see("Rien n'a encore été exporté de ce poste.").await;
    let exports = demo.home().join("exports");
    download_to(&browser, &exports).await;
    browser.goto(&demo.page(At::Bamako, "/conflicts?region=ML-7")).await;
    browser.click("CSV").await;
    let file = fs::read_to_string(downloaded(&exports).await).expect("a file of text");
    assert!(file.lines().next().is_some_and(|first| first.contains("Situation arrêtée au ")), "{file}");
    assert!(file.contains(expert::RECORD));
    for word in ["Représentant", "Source", "Personne-ressource", "Récit", "Notes"] {
        assert!(!file.contains(word), "{word} does not leave:\n{file}");
    }
    browser.goto(&demo.page(At::Bamako, "/journal")).await;
    for words in ["La dernière ligne.", "Contrôle général", "CSV", "Gao"] {
        browser.see(words).await;
    }
    browser.shot("journal").await;

    // 4. The recommendations of 2005.
    browser.click("Recommandations").await;
    for words in ["136 recommandations", "127 annoncées", "136 recensées"] {
        browser.see(words).await;
    }
    browser.shot("recommendations").await;
    browser.choose("Thème", "5. Conflits communautaires").await;
    browser.click("Afficher").await;
    browser.see("17 recommandations").await;
    assert_eq!(browser.count("//table//td[normalize-space() = 'Adoptée']").await, 17);
    browser.goto(&demo.page(At::Bamako, "/recommendations?silent=1")).await;
    browser.see("136 recommandations").await;
    browser.assert_calm().await;
}
