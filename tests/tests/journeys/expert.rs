//! J2: the conflict expert in Bamako, then Gao. The divergence that is settled here is told of in J5, too.

use toguna_tests::{
    browser::{Browser, around},
    demonstration::{At, Demonstration, Link},
};

use super::{become_a, begin, converge, open_record, same_at};

pub(super) const RECORD: &str = "Touaregs et Peuls à Gao";

const SAID_AT_GAO: &str = "À Gao : les éleveurs sont revenus au fleuve.";
const SAID_AT_BAMAKO: &str = "À Bamako : la mission est rentrée.";

#[tokio::test(flavor = "multi_thread")]
async fn an_expert_reads_the_census_and_settles_what_two_offices_said() {
    let Some((mut browser, demo)) = begin("j2-expert", true).await else { return };
    become_a(&mut browser, &demo, At::Bamako, "Expert conflits").await;

    // 1. The census.
    browser.click("Conflits").await;
    browser.see("14 fiches").await;
    for (phase, count) in
        [("Non établie", "8 fiches"), ("Réglé", "4 fiches"), ("Trêve", "1 fiche"), ("Ouvert", "1 fiche")]
    {
        browser.choose("Phase", phase).await;
        browser.click("Afficher").await;
        browser.see(count).await;
    }
    browser.choose("Phase", "Toutes").await;
    browser.choose("Enjeux", "Foncier et ressources (tout)").await;
    browser.click("Afficher").await;
    browser.see("1 fiche").await;
    browser.see("Conflits intercommunautaires dans le pays").await;
    browser.shot("census").await;

    // 2. The map: one point, and beside it what has none.
    browser.click("Voir la carte").await;
    browser.see("Carte des conflits").await;
    let points = "//*[local-name() = 'svg']//*[local-name() = 'a'][starts-with(@href, '/conflicts/')]";
    assert_eq!(browser.count(points).await, 1, "one conflict has a place that is a point");
    let tinzawaten = format!("{points}[contains(@aria-label, 'Tinzawatène') or contains(., 'Tinzawatène')]");
    assert_eq!(browser.count(&tinzawaten).await, 1);
    let beside = "//*[self::section or self::div][.//h2[contains(., 'Sans point')]]";
    for title in ["Conflits intercommunautaires dans le pays", "Deuxième rébellion du Nord"] {
        assert!(browser.read(beside).await.contains(title), "{title} stands beside the map");
    }
    browser.shot("map").await;

    // 3. An agreement whose end nobody knows.
    open_record(&mut browser, &demo, At::Bamako, "Conflits", "Plateau dogon").await;
    browser.see("durée 10 ans").await;
    browser.see("fin inconnue : date de signature manquante").await;
    browser.shot("agreement").await;
    browser.click("Aujourd'hui").await;
    browser.click("À compléter : 3 accords dont la fin est inconnue").await;
    browser.see("Plateau dogon – Accord, durée 10 ans, fin inconnue : date de signature manquante").await;
    browser.shot("to-complete").await;
    browser.goto(&demo.page(At::Bamako, "/deadlines")).await;
    browser.see("Échéances").await;
    browser.see_no("Plateau dogon").await;
    browser.assert_calm().await;

    // 4 to 6.
    diverge(&mut browser, &demo).await;
    both_see_it(&mut browser, &demo).await;
    settle(&mut browser, &demo).await;
    browser.goto(&demo.page(At::Gao, "/")).await;
    browser.see("Bamako a tranché : Résurgence, depuis le 20 novembre 2026 (motif : appel du gouvernorat)").await;
    for office in [At::Gao, At::Bamako] {
        browser.goto(&demo.page(office, "/")).await;
        browser.see_no("saisies divergentes").await;
        browser.shot("today").await;
    }
    open_record(&mut browser, &demo, At::Gao, "Conflits", RECORD).await;
    browser.click("Historique").await;
    for words in ["Résurgence", "En apaisement", "motif : appel du gouvernorat", SAID_AT_GAO, SAID_AT_BAMAKO] {
        browser.see(words).await;
    }
    browser.shot("history").await;
    browser.assert_calm().await;
}

/// 4. Gao and Bamako say different things of one conflict, each without the other, and then hear of each other.
pub(super) async fn diverge(browser: &mut Browser, demo: &Demonstration) {
    demo.link(Link::South, false).await;
    for (office, phase, said) in [(At::Gao, "Résurgence", SAID_AT_GAO), (At::Bamako, "En apaisement", SAID_AT_BAMAKO)]
    {
        open_record(browser, demo, office, "Conflits", RECORD).await;
        browser.click("Modifier").await;
        browser.choose("Phase", phase).await;
        browser.fill("Date d'effet", "20/11/2026").await;
        browser.add("Description et origine du conflit", &format!("\n{said}")).await;
        browser.click("Enregistrer").await;
        browser.see("Enregistré à ").await;
        browser.see(phase).await;
        browser.see(said).await;
    }
    demo.link(Link::South, true).await;
    converge(demo).await;
}

/// 5. Both values, with office, person and date of each, and both lines of the narrative, at both ends.
async fn both_see_it(browser: &mut Browser, demo: &Demonstration) {
    for office in [At::Gao, At::Bamako] {
        open_record(browser, demo, office, "Conflits", RECORD).await;
        for words in ["Saisies divergentes", SAID_AT_GAO, SAID_AT_BAMAKO] {
            browser.see(words).await;
        }
        browser.shot("divergent").await;
        browser.click("Voir et trancher").await;
        for words in [
            "Résurgence, depuis le 20 novembre 2026",
            "En apaisement, depuis le 20 novembre 2026",
            ", Gao, ",
            ", Bamako, ",
            "Démo – ",
        ] {
            browser.see(words).await;
        }
        browser.goto(&demo.page(office, "/")).await;
        browser.see("1 fiche avec des saisies divergentes").await;
    }
}

/// 5. Bamako settles it, with a reason, and Gao hears of it.
pub(super) async fn settle(browser: &mut Browser, demo: &Demonstration) {
    open_record(browser, demo, At::Bamako, "Conflits", RECORD).await;
    browser.click("Voir et trancher").await;
    let value = format!("{}//input", around("label", "Résurgence, depuis le 20 novembre 2026"));
    browser.press_at(&value).await;
    browser.fill("Motif", "appel du gouvernorat").await;
    browser.shot("settle").await;
    browser.click("Trancher").await;
    browser.see("Enregistré à Bamako.").await;
    browser.see_no("Saisies divergentes").await;
    let there = same_at(browser, demo, At::Gao).await;
    browser.goto(&there).await;
    browser.see_after_reload("Résurgence, depuis le 20 novembre 2026").await;
    browser.see_no("Saisies divergentes").await;
    converge(demo).await;
}
