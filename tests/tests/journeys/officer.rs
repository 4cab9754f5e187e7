//! J1: the regional officer in Kidal, both links cut.

use std::time::{Duration, Instant};

use toguna_tests::demonstration::{At, Link};

use super::{TEN_SECONDS, begin, open_record, same_at};

const RECORD: &str = "Ifoghas, Idnanes et autres à Kidal";

/// What is typed and not saved: 200 characters.
fn story() -> String {
    let sentence = "Les bêtes ont été vues à l'ouest du campement. ";
    sentence.chars().cycle().take(199).chain(['.']).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_records_a_theft_and_sees_it_reach_bamako() {
    let Some((mut browser, demo)) = begin("j1-officer", true).await else { return };
    // Where the links go before Bamako has said what it holds, nobody can know that it lacks something.
    open_record(&mut browser, &demo, At::Kidal, "Conflits", RECORD).await;
    browser.see_after_reload("Reçu à Bamako le ").await;
    demo.links(false, false).await;

    // 1. What is known of each office.
    browser.goto(&demo.page(At::Kidal, "/")).await;
    browser.see("Démonstration : trois bureaux sur cet ordinateur.").await;
    browser.see("Dernières nouvelles de Gao : ").await;
    browser.see("Dernières nouvelles de Bamako : ").await;
    browser.see("Kidal : ce bureau").await;
    browser.shot("today").await;

    // 2. An incident, with a place written as it comes.
    open_record(&mut browser, &demo, At::Kidal, "Conflits", RECORD).await;
    browser.click("un incident").await;
    browser.choose("Type d'incident", "Vol de bétail").await;
    browser.fill("Date", "22/11/2026").await;
    browser.fill("Nom du lieu", "tinzwatene").await;
    let begun = Instant::now();
    while browser.count("//datalist[@id = 'places']/option[@value = 'Tinzawatène']").await == 0 {
        assert!(begun.elapsed() < TEN_SECONDS, "no place is suggested for « tinzwatene »");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    browser.fill("Nom du lieu", "Tinzawatène").await;
    browser.shot("incident").await;
    browser.click("Enregistrer").await;

    // 3. It is in the chronology, and nowhere else than here.
    browser.see("Enregistré à Kidal. Ici seulement.").await;
    for words in ["Incidents (1)", "22 novembre 2026", "Vol de bétail", "Tinzawatène"] {
        browser.see(words).await;
    }
    let record = same_at(&browser, &demo, At::Kidal).await;
    browser.shot("saved").await;
    browser.assert_calm().await;

    // 4. The power fails while somebody types.
    browser.click("un incident").await;
    browser.fill("Récit", &story()).await;
    browser.see("Brouillon gardé à ").await;
    let form = browser.address().await;
    demo.power_off(At::Kidal).await;
    browser.close_tab().await;
    demo.power_on(At::Kidal, 0).await;
    // The page that was open when its node went away says so on the console, and nothing else does.
    let lost = browser.console().await;
    assert!(lost.iter().all(|line| line.contains("net::ERR_")), "{lost:#?}");
    browser.goto(&form).await;
    browser.see("Brouillon de ").await;
    browser.shot("draft").await;
    browser.click("Reprendre").await;
    browser.see("repris ici. Rien n'est encore enregistré.").await;
    assert_eq!(browser.value("Récit").await, story());

    // 5. Kidal–Gao comes back: told while the page is open.
    browser.goto(&record).await;
    browser.see("Ici seulement").await;
    demo.link(Link::North, true).await;
    browser.see_within("Reçu à Gao le ", TEN_SECONDS).await;
    browser.see("Pas encore à Bamako").await;
    browser.shot("at-gao").await;

    // 6. And Gao–Bamako.
    demo.link(Link::South, true).await;
    browser.see_within("Reçu à Bamako le ", TEN_SECONDS).await;
    browser.see(", via Gao").await;
    browser.see_no("Pas encore à Bamako").await;
    browser.shot("at-bamako").await;
    browser.assert_calm().await;
    let there = same_at(&browser, &demo, At::Bamako).await;
    browser.goto(&there).await;
    for words in [RECORD, "Incidents (1)", "22 novembre 2026", "Vol de bétail", "Tinzawatène"] {
        browser.see(words).await;
    }
    menaka_is_found(&mut browser, &demo).await;
    browser.assert_calm().await;
}

/// What is searched for without accents is found with them.
async fn menaka_is_found(
    browser: &mut toguna_tests::browser::Browser,
    demo: &toguna_tests::demonstration::Demonstration,
) {
    browser.goto(&demo.page(At::Kidal, "/conflicts/new")).await;
    browser.fill("Intitulé", "Exemple – Foire de Ménaka").await;
    browser.click("Enregistrer").await;
    browser.see_within("Reçu à Bamako le ", TEN_SECONDS).await;
    browser.goto(&demo.page(At::Bamako, "/conflicts")).await;
    browser.fill("Mots", "menaka").await;
    browser.click("Afficher").await;
    browser.see("1 fiche").await;
    browser.see("Exemple – Foire de Ménaka").await;
    browser.shot("search").await;
}
