//! J3: the selection committee and the coordinator in Bamako.

use toguna_tests::{
    browser::{Browser, around},
    demonstration::{At, Demonstration},
};

use super::{become_a, begin, converge, same_at};

/// The 14 sections of a proposal, but the last three.
const PRESENT: [&str; 11] = [
    "Sommaire",
    "Présentation du demandeur",
    "Contexte et justification",
    "Résultats attendus",
    "Activités",
    "Rôles et responsabilités du demandeur",
    "Rôles et responsabilités des bénéficiaires",
    "Incidence sur la sécurité et la paix au Mali",
    "Calendrier d'exécution",
    "Plan de suivi et calendrier d'évaluation",
    "Conditions de réussite, risques et indicateurs",
];
const ABSENT: [&str; 3] = ["Stratégie de durabilité", "Cadre logique", "Budget détaillé"];

const CRITERIA: [&str; 5] = [
    "Institution de l'État, organisation sans but lucratif ou association enregistrée au Mali",
    "Expérience ou bonne connaissance de la gestion de projet",
    "Lien avec le cadre stratégique du Programme",
    "Rapport avec l'un des 13 domaines d'intervention",
    "Intérêts des plus défavorisés, femmes et jeunes, et plan d'appropriation et de durabilité",
];

const EVALUATORS: [(&str, &str); 3] = [
    ("Aïssata Maïga", "Une école manque depuis dix ans."),
    ("Boubacar Keïta", "Le budget suit les activités."),
    ("Fatoumata Diarra", "Les initiateurs sont connus."),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_committee_takes_a_request_from_its_sections_to_its_agreement() {
    let Some((mut browser, demo)) = begin("j3-committee", true).await else { return };
    become_a(&mut browser, &demo, At::Bamako, "Membre du comité de sélection").await;
    submitted(&mut browser).await;
    eligible(&mut browser).await;
    evaluated(&mut browser, &demo).await;
    agreed(&mut browser, &demo).await;
    browser.assert_calm().await;
    money_and_activities(&mut browser, &demo).await;
    browser.assert_calm().await;
}

/// 1. A request with 11 of 14 sections.
pub(super) async fn submitted(browser: &mut Browser) {
    browser.click("Projets").await;
    browser.click("Nouvelle requête").await;
    browser.fill("Intitulé", "Exemple – École du campement").await;
    for section in PRESENT {
        browser.tick(section).await;
    }
    browser.click("Sélection").await;
    let names: Vec<&str> = EVALUATORS.iter().map(|(name, _)| *name).collect();
    browser.fill("Évaluateurs", &names.join("\n")).await;
    browser.shot("request").await;
    browser.click("Enregistrer").await;
    browser.see("Enregistré à Bamako.").await;
    browser.see("Déposé").await;
    browser.see(&format!("3 rubriques manquantes : {}", ABSENT.join(", "))).await;
    for section in ABSENT {
        let row = browser.read(&around("tr", section)).await;
        assert!(row.contains("Absente"), "{row}");
    }
    browser.shot("submitted").await;
}

/// 2 and the beginning of 3. Not before its criteria are met.
pub(super) async fn eligible(browser: &mut Browser) {
    browser.see("Déclarer recevable – Impossible : la recevabilité n'est pas vérifiée").await;
    browser.click("Revenir en arrière, ou autre statut").await;
    browser.choose("Statut", "Approuvé").await;
    browser.click("Changer le statut").await;
    browser.see("Le statut n'a pas changé. Ce qui empêche « Approuvé »").await;
    browser.see("Impossible : la recevabilité n'est pas vérifiée").await;
    assert_eq!(present(browser).await, "Déposé");
    browser.shot("refused").await;
    browser.click_in(&around("li", "Déclarer recevable"), "Recevabilité").await;
    for criterion in CRITERIA {
        browser.choose(&format!("{criterion} : Critère"), "Oui").await;
        browser.fill(&format!("{criterion} : Vérifié par"), "Équipe de gestion").await;
    }
    browser.click("Enregistrer").await;
    browser.see("Enregistré à Bamako.").await;
    browser.click("Déclarer recevable").await;
    browser.see("Enregistré à Bamako.").await;
    assert_eq!(present(browser).await, "Recevable");
}

/// The status that the way marks as the present one.
async fn present(browser: &mut Browser) -> String {
    browser.read("//ol[contains(@class, 'way')]/li[@aria-current = 'step']").await
}

/// 3. Three opinions, each sealed until the last is given.
async fn evaluated(browser: &mut Browser, demo: &Demonstration) {
    let request = same_at(browser, demo, At::Bamako).await;
    let id = request.rsplit('/').next().expect("an address has an end").to_owned();
    for (at, (name, opinion)) in EVALUATORS.into_iter().enumerate() {
        // Whoever comes later sees that somebody has given an opinion, and not which.
        browser.goto(&request).await;
        if at > 0 {
            browser.see("avis donné, encore scellé").await;
            let at_gao = same_at(browser, demo, At::Gao).await;
            let places = [request.clone(), format!("{request}/history"), format!("{request}/evaluate"), at_gao];
            converge(demo).await;
            for place in places {
                browser.goto(&place).await;
                browser.see("École du campement").await;
                for (_, sealed) in &EVALUATORS[..at] {
                    browser.see_no(sealed).await;
                }
            }
            for office in [At::Bamako, At::Gao] {
                let told = demo.api(office, &format!("/records/{id}")).await.to_string();
                let history = demo.api(office, &format!("/records/{id}/history")).await.to_string();
                assert!(!told.contains(EVALUATORS[0].1) && !history.contains(EVALUATORS[0].1), "{told} {history}");
            }
        }
        browser.goto(&format!("{request}/evaluate")).await;
        browser.choose("Évaluateur", name).await;
        browser.fill("Pertinence", opinion).await;
        browser.choose("Conclusion", "Favorable").await;
        browser.click("Sceller l'avis").await;
        browser.see("Enregistré à Bamako.").await;
    }
    // In the same visit: nobody has to look again.
    for (_, opinion) in EVALUATORS {
        browser.see(opinion).await;
    }
    browser.see_no("encore scellé").await;
    assert_eq!(present(browser).await, "Évalué");
    browser.shot("opinions").await;
}

/// 4. The joint decision, and the agreement.
async fn agreed(browser: &mut Browser, demo: &Demonstration) {
    browser.click("une décision du comité").await;
    browser.fill("Date", "23/11/2026").await;
    browser.fill("Membres présents", "Coordonnateur national\nExpert conflits").await;
    browser.choose("Décision commune", "Approuvé").await;
    browser.fill("Motifs", "Budget cohérent, demande pertinente.").await;
    browser.click("Enregistrer").await;
    browser.see("Décisions du comité de sélection (1)").await;
    browser.click("Approuver").await;
    browser.see("Enregistré à Bamako.").await;
    assert_eq!(present(browser).await, "Approuvé");
    browser.fill("Date de signature de la convention", "25/11/2026").await;
    browser.click("Signer la convention").await;
    browser.see("Enregistré à Bamako.").await;
    assert_eq!(present(browser).await, "Convention signée");
    browser.see("1er trimestre 2027").await;
    browser.shot("agreed").await;
    let request = same_at(browser, demo, At::Bamako).await;
    browser.goto(&demo.page(At::Bamako, "/plan?quarter=2027-33")).await;
    browser.see("Exemple – École du campement").await;
    browser.shot("plan").await;
    // Whoever goes on in another role stays on the page.
    browser.goto(&request).await;
    browser.choose("Essayer comme", "Coordonnateur national").await;
    browser.click("Changer").await;
    browser.see("Démo – Coordonnateur national").await;
    assert_eq!(browser.address().await, request);
}

/// 5 and 6. Amounts of one currency, and two figures that are never mixed.
async fn money_and_activities(browser: &mut Browser, demo: &Demonstration) {
    browser.goto(&demo.page(At::Bamako, "/national")).await;
    for words in ["4 730 000 USD mobilisés, pour un besoin de 4 434 000 USD", "Excédent 296 000 USD"] {
        browser.see(words).await;
    }
    let norway = browser.read(&around("tr", "Norvège")).await;
    assert!(norway.contains("1 940 000 USD (2 lignes)"), "{norway}");
    browser.see_no("500 000 USD, 2009, Norvège").await;
    browser.click_in(&around("tr", "Norvège"), "1 940 000 USD (2 lignes)").await;
    for line in ["500 000 USD, 2009, Norvège", "1 440 000 USD, 2010, Norvège"] {
        browser.see(line).await;
    }
    browser.see("87 prévues, 79 exécutées (90,8 %), chiffre déclaré ; 30 activités détaillées").await;
    browser.shot("national").await;
}
