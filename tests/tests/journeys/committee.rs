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
    agreed(&mut browser).await;
    browser.assert_calm().await;
    money_and_activities(&mut browser, &demo).await;
    browser.assert_calm().await;
}

/// 1. A request with 11 of 14 sections.
pub(super) async fn submitted(browser: &mut Browser) {
    browser.click("Projets").await;
    browser.click("Nouveau projet").await;
    browser.fill("Intitulé", "Exemple – École du campement").await;
    browser.choose("Origine", "Requête").await;
    browser.choose("Statut", "Déposé").await;
    browser.click("Requête").await;
    for (sections, is_there) in [(&PRESENT[..], "Oui"), (&ABSENT[..], "Non")] {
        for section in sections {
            browser.choose(&format!("{section} : Rubrique"), is_there).await;
        }
    }
    browser.click("Sélection").await;
    let names: Vec<&str> = EVALUATORS.iter().map(|(name, _)| *name).collect();
    browser.fill("Évaluateurs", &names.join("\n")).await;
    browser.shot("request").await;
    browser.click("Enregistrer").await;
    browser.see("Enregistré à Bamako.").await;
    for section in ABSENT {
        let row = browser.read(&around("tr", section)).await;
        assert!(row.contains("Non"), "{row}");
    }
    browser.shot("submitted").await;
}

/// 2 and the beginning of 3. Not before its criteria are met.
pub(super) async fn eligible(browser: &mut Browser) {
    browser.click("Modifier").await;
    browser.choose("Statut", "Approuvé").await;
    browser.click("Enregistrer").await;
    browser.see("Pas encore enregistré").await;
    browser.see("Impossible : la recevabilité n'est pas vérifiée").await;
    browser.shot("refused").await;
    browser.click("Abandonner").await;
    browser.see("Déposé").await;
    browser.see_no("Approuvé").await;
    browser.click("Modifier").await;
    for criterion in CRITERIA {
        browser.choose(&format!("{criterion} : Critère"), "Oui").await;
        browser.fill(&format!("{criterion} : Vérifié par"), "Équipe de gestion").await;
    }
    browser.choose("Statut", "Recevable").await;
    browser.click("Enregistrer").await;
    browser.see("Enregistré à Bamako.").await;
    browser.see("Recevable").await;
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
    for (_, opinion) in EVALUATORS {
        browser.see_after_reload(opinion).await;
    }
    browser.see_no("encore scellé").await;
    browser.shot("opinions").await;
    browser.click("Modifier").await;
    browser.choose("Statut", "Évalué").await;
    browser.click("Enregistrer").await;
    browser.see("Enregistré à Bamako.").await;
    browser.see("Évalué").await;
}

/// 4. The joint decision, and the agreement.
async fn agreed(browser: &mut Browser) {
    browser.click("une décision du comité").await;
    browser.fill("Date", "23/11/2026").await;
    browser.fill("Membres présents", "Coordonnateur national\nExpert conflits").await;
    browser.choose("Décision commune", "Approuvé").await;
    browser.fill("Motifs", "Budget cohérent, demande pertinente.").await;
    browser.click("Enregistrer").await;
    browser.see("Décisions du comité de sélection (1)").await;
    browser.click("Modifier").await;
    browser.choose("Statut", "Approuvé").await;
    browser.click("Enregistrer").await;
    browser.see("Enregistré à Bamako.").await;
    browser.click("Modifier").await;
    browser.click("Convention").await;
    browser.fill("Date de signature de la convention", "25/11/2026").await;
    browser.choose("Statut", "Convention signée").await;
    browser.click("Enregistrer").await;
    browser.see("Enregistré à Bamako.").await;
    browser.see("Convention signée").await;
    browser.shot("agreed").await;
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
