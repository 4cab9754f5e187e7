//! J6: the operator in Bamako, then in Kidal: silence, sticks, and a wrong clock.

use std::{fs, path::PathBuf};

use toguna_tests::{
    browser::{Browser, around},
    demonstration::{At, Demonstration, Link},
};

use super::{begin, converge, download_to, downloaded};

const TWO_DAYS: i64 = 2 * 24 * 3_600;
const A_YEAR: i64 = 365 * 24 * 3_600;

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_silence_carries_a_stick_and_finds_a_wrong_clock() {
    let Some((mut browser, demo)) = begin("j6-operator", true).await else { return };
    nothing_waits(&mut browser, &demo).await;
    silence(&mut browser, &demo).await;
    let pli = two_records_on_a_stick(&mut browser, &demo).await;
    opened_in_bamako(&mut browser, &demo, &pli).await;
    the_way_back(&mut browser, &demo).await;
    a_wrong_clock(&mut browser, &demo).await;
}

/// Waits until Kidal knows that the others have all of its work: their word comes after it.
async fn nothing_waits(browser: &mut Browser, demo: &Demonstration) {
    browser.goto(&demo.page(At::Kidal, "/sync")).await;
    for office in ["Bamako", "Gao"] {
        let row = around("tr", office);
        toguna_tests::eventually("nothing waits at Kidal", async || {
            browser.reload().await;
            browser.read(&row).await.contains(" 0 fiche ")
        })
        .await;
    }
}

/// 1. Kidal goes silent. An office counts as silent after a day, so Bamako's clock is moved for it to pass.
async fn silence(browser: &mut Browser, demo: &Demonstration) {
    demo.power_off(At::Kidal).await;
    demo.power_off(At::Bamako).await;
    demo.power_on(At::Bamako, TWO_DAYS).await;
    browser.goto(&demo.page(At::Bamako, "/sync")).await;
    let kidal = browser.read(&around("tr", "Kidal")).await;
    assert!(kidal.contains("Sans nouvelles depuis le "), "{kidal}");
    assert!(kidal.contains("inconnu depuis le "), "what Kidal alone may hold is not known: {kidal}");
    browser.shot("silent").await;
    browser.assert_calm().await;
    demo.power_off(At::Bamako).await;
    demo.power_on(At::Bamako, 0).await;
}

/// 2 and 3. Kidal works without a link, and prepares a stick.
async fn two_records_on_a_stick(browser: &mut Browser, demo: &Demonstration) -> PathBuf {
    demo.links(false, false).await;
    demo.power_on(At::Kidal, 0).await;
    browser.goto(&demo.page(At::Kidal, "/conflicts/new")).await;
    browser.fill("Intitulé", "Exemple – Premier différend").await;
    browser.click("Enregistrer et saisir le suivant").await;
    browser.see("Enregistré. Voici le formulaire suivant.").await;
    browser.fill("Intitulé", "Exemple – Second différend").await;
    browser.click("Enregistrer").await;
    browser.see("Ici seulement").await;
    browser.click("Liaisons").await;
    browser.see("2 fiches ici seulement").await;
    browser.see("la plus ancienne : ").await;
    browser.shot("only-here").await;

    browser.choose("Pour quel bureau ?", "Bamako").await;
    browser.click("Préparer un pli").await;
    browser.see("Bordereau d'envoi").await;
    let slip = browser.read("//dl").await;
    assert!(slip.contains("2 fiches"), "{slip}");
    browser.shot("slip").await;
    let stick = demo.home().join("stick");
    download_to(browser, &stick).await;
    browser.click("Télécharger le pli").await;
    let pli = downloaded(&stick).await;
    let name = pli.file_name().and_then(|name| name.to_str()).expect("a file has a name").to_owned();
    let stem = name.strip_prefix("pli-").and_then(|rest| rest.strip_suffix(".toguna"));
    let is_a_moment = |stem: &str| stem.chars().all(|c| c.is_ascii_digit() || c == '-');
    assert!(stem.is_some_and(is_a_moment), "a name without place or community: {name}");
    assert!(slip.contains(&name), "{slip}");
    browser.assert_calm().await;
    pli
}

/// 4. A damaged copy is refused whole; the good one is taken once.
async fn opened_in_bamako(browser: &mut Browser, demo: &Demonstration, pli: &PathBuf) {
    let mut bytes = fs::read(pli).expect("the file reads");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = demo.home().join("damaged.toguna");
    fs::write(&damaged, bytes).expect("a file can be written");
    for (file, told) in [(&damaged, "Pli abîmé, rien n'a été pris"), (pli, "2 fiches reçues"), (pli, "Déjà reçu")]
    {
        browser.goto(&demo.page(At::Bamako, "/sync")).await;
        browser.attach("Fichier du pli", file).await;
        browser.click("Ouvrir un pli reçu").await;
        browser.see(told).await;
        browser.shot("opened").await;
    }
    let refused = browser.console().await;
    assert!(refused.iter().all(|line| line.contains("422") || line.contains("400")), "{refused:#?}");
    browser.goto(&demo.page(At::Bamako, "/conflicts")).await;
    browser.see("16 fiches").await;
}

/// 5. The stick goes back, and Kidal knows.
async fn the_way_back(browser: &mut Browser, demo: &Demonstration) {
    browser.goto(&demo.page(At::Bamako, "/sync")).await;
    browser.choose("Pour quel bureau ?", "Kidal").await;
    browser.click("Préparer un pli").await;
    browser.see("Bordereau d'envoi").await;
    let stick = demo.home().join("stick-back");
    download_to(browser, &stick).await;
    browser.click("Télécharger le pli").await;
    let pli = downloaded(&stick).await;
    browser.goto(&demo.page(At::Kidal, "/sync")).await;
    browser.attach("Fichier du pli", &pli).await;
    browser.click("Ouvrir un pli reçu").await;
    browser.see("Pli ouvert").await;
    browser.shot("back").await;
    browser.click("Liaisons").await;
    browser.see("Rien n'est ici seulement").await;
    browser.click("Conflits").await;
    browser.click("Exemple – Premier différend").await;
    browser.see("Reçu à Bamako le ").await;
    browser.see(", par clé USB").await;
    browser.shot("confirmed").await;
    browser.assert_calm().await;
}

/// 6. Gao's clock is a year behind.
async fn a_wrong_clock(browser: &mut Browser, demo: &Demonstration) {
    demo.power_off(At::Gao).await;
    demo.power_on(At::Gao, -A_YEAR).await;
    browser.goto(&demo.page(At::Gao, "/conflicts/new")).await;
    browser.fill("Intitulé", "Exemple – Saisi à la mauvaise heure").await;
    browser.click("Enregistrer").await;
    browser.see("Ici seulement").await;
    demo.link(Link::South, true).await;
    browser.goto(&demo.page(At::Bamako, "/sync")).await;
    browser.see_after_reload("Horloge de Gao en retard d'un an").await;
    browser.shot("clock").await;
    browser.click("Conflits").await;
    browser.see_after_reload("Exemple – Saisi à la mauvaise heure").await;
    browser.see("17 fiches").await;
    // An old clock does not make new work old: what Bamako changes on it comes after what Gao wrote.
    browser.click("Exemple – Saisi à la mauvaise heure").await;
    browser.click("Modifier").await;
    browser.fill("Intitulé", "Exemple – Remis à l'heure").await;
    browser.click("Enregistrer").await;
    browser.see("Enregistré à Bamako.").await;
    browser.click("Historique").await;
    browser.see("→ Exemple – Remis à l'heure").await;
    browser.see("→ Exemple – Saisi à la mauvaise heure").await;
    let history = browser.text().await;
    let (first, second) = (history.find(", Bamako, "), history.find(", Gao, "));
    assert!(first.is_some() && first < second, "the newest first, by what each had seen:\n{history}");
    browser.shot("history").await;
    // What is held where is known of Gao all the same, though it speaks from a year ago.
    browser.goto(&demo.page(At::Bamako, "/sync")).await;
    browser.see_after_reload("Rien n'est ici seulement").await;
    demo.link(Link::North, true).await;
    converge(demo).await;
    browser.assert_calm().await;
}
