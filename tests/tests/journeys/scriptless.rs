//! The journeys with scripts turned off in the browser: everything but what is told or kept by itself.

use toguna_tests::demonstration::{At, Link};

use super::{become_a, begin, committee, converge, expert, open_record};

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_records_are_entered_settled_and_read() {
    let Some((mut browser, demo)) = begin("scriptless", false).await else { return };
    browser.goto("data:text/html,<title>off</title><script>document.title = 'on'</script>").await;
    assert_eq!(browser.script("return document.title", Vec::new()).await, "off", "scripts are turned off");

    // J1.
    demo.links(false, false).await;
    browser.goto(&demo.page(At::Kidal, "/")).await;
    browser.see("Démonstration : ").await;
    open_record(&mut browser, &demo, At::Kidal, "Conflits", "Ifoghas, Idnanes et autres à Kidal").await;
    browser.click("un incident").await;
    browser.choose("Type d'incident", "Vol de bétail").await;
    browser.fill("Date", "22/11/2026").await;
    browser.fill("Nom du lieu", "tinzwatene").await;
    browser.click("Enregistrer").await;
    for words in ["Enregistré à Kidal.", "Ici seulement", "Incidents (1)", "22 novembre 2026", "Vol de bétail"] {
        browser.see(words).await;
    }
    browser.shot("saved").await;
    demo.link(Link::North, true).await;
    browser.see_after_reload("Reçu à Gao le ").await;
    demo.link(Link::South, true).await;
    browser.see_after_reload("Reçu à Bamako le ").await;
    converge(&demo).await;

    // J2.
    expert::diverge(&mut browser, &demo).await;
    expert::settle(&mut browser, &demo).await;
    browser.shot("settled").await;

    // J3.
    become_a(&mut browser, &demo, At::Bamako, "Membre du comité de sélection").await;
    committee::submitted(&mut browser).await;
    committee::eligible(&mut browser).await;

    // J5.
    become_a(&mut browser, &demo, At::Bamako, "Lecteur (lecture seule)").await;
    open_record(&mut browser, &demo, At::Bamako, "Conflits", expert::RECORD).await;
    browser.click("Historique").await;
    browser.see("motif : appel du gouvernorat").await;
    browser.assert_calm().await;
}
