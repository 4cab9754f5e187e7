//! A request on its way through selection, and money that is reversed, never edited.

use super::*;

/// The address that a page's form of this verb goes to, and the token it carries.
fn verb(page: &Answer, verb: &str) -> (String, String) {
    let start = page.text.find(verb).unwrap_or_else(|| panic!("no {verb}\n{}", page.text));
    let action = page.text[..start].rfind("action=\"").unwrap() + "action=\"".len();
    let address = page.text[action..action + page.text[action..].find('"').unwrap()].to_owned();
    let csrf = attribute(&page.text[page.text.find("name=\"csrf\"").unwrap() - 30..], "value").unwrap();
    (address, csrf)
}

#[tokio::test]
async fn a_request_is_approved_only_after_every_step_before() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let typed = [
        ("title", "Forages de Menaka"),
        ("origin", "request"),
        ("status", "submitted"),
        ("evaluators", "Aïssata\nFatoumata"),
    ];
    let page = officer.fill("/projects/new", &typed).await.header("location").split('?').next().unwrap().to_owned();
    let edit = format!("{page}/edit");
    let refused = officer.fill(&edit, &[("status", "approved")]).await;
    assert_eq!(refused.status, 200);
    refused.says("Impossible");
    refused.says("Pas encore enregistré");
    assert_eq!(officer.get(&edit).await.input("status").as_deref(), Some("submitted"));
    // The second evaluator does not see what the first wrote, nor does anybody.
    let evaluate = format!("{page}/evaluate");
    let opinion = [("relevance", "Très utile"), ("verdict", "favourable")];
    let give = async |evaluator: &str| {
        let typed: Vec<(&str, &str)> = opinion.into_iter().chain([("evaluator", evaluator)]).collect();
        officer.fill(&evaluate, &typed).await
    };
    assert_eq!(give("Aïssata").await.status, 303);
    let shown = officer.get(&page).await;
    shown.says("avis donné, encore scellé");
    shown.says("avis attendu");
    for path in [page.clone(), format!("{page}/history"), evaluate.clone()] {
        officer.get(&path).await.does_not_say("Très utile");
    }
    let twice = give("Aïssata").await;
    assert_eq!(twice.status, 200);
    assert_eq!(give("Fatoumata").await.status, 303);
    // The node publishes them by itself, one after the other.
    let mut shown = officer.get(&page).await;
    for _ in 0..100 {
        if !shown.text.contains("encore scellé") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        shown = officer.get(&page).await;
    }
    shown.does_not_say("encore scellé");
    assert_eq!(shown.text.matches("Très utile").count(), 2, "{}", shown.text);
    let empty = officer.fill(&evaluate, &[("evaluator", "Aïssata")]).await;
    empty.says("L'avis est vide");
    office.app.stop().await;
}

#[tokio::test]
async fn a_line_of_money_is_reversed_and_both_lines_stay() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let page = officer
        .fill("/projects/new", &[("title", "Un")])
        .await
        .header("location")
        .split('?')
        .next()
        .unwrap()
        .to_owned();
    let add = format!("{page}/edit/contributions/new");
    let typed = [
        ("contributions/new/partner", "Norvège"),
        ("contributions/new/money/amount", "1 940 000"),
        ("contributions/new/money/currency", "USD"),
    ];
    assert_eq!(officer.fill(&add, &typed).await.status, 303);
    let shown = officer.get(&page).await;
    shown.says("1\u{202f}940\u{202f}000\u{a0}USD");
    let (address, csrf) = verb(&shown, "/withdraw/contributions/");
    let line = address.rsplit('/').next().unwrap().to_owned();
    assert_eq!(officer.get(&format!("{page}/edit/contributions/{line}")).await.status, 404);
    assert_eq!(office.post(&address, &officer.cookie, &[("csrf", &csrf)]).await.status, 303);
    assert_eq!(officer.get(&page).await.text.matches("Norvège").count(), 2);
    let counted = office.app.views().picture().unwrap();
    assert!(counted.contributions.get("USD").is_none_or(|usd| usd.cumulative == 0), "{counted:?}");
    office.app.stop().await;
}

#[tokio::test]
async fn records_are_tied_and_untied() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let one = officer.conflict(&[("title", "Puits de Tin-Essako")]).await;
    let two = officer.conflict(&[("title", "Le puits, vu de Ménaka")]).await;
    let id = two.rsplit('/').next().unwrap();
    let tie = format!("{one}/tie");
    officer.get(&format!("{tie}?text=menaka")).await.says("Le puits, vu de Ménaka");
    officer.fill(&tie, &[]).await.says("Choisissez une fiche");
    let tied = officer.fill(&tie, &[("record", id), ("relation", "same-conflict")]).await;
    assert_eq!(tied.status, 303, "{tied:?}");
    let shown = officer.get(&one).await;
    shown.says("Même conflit que");
    shown.says("Le puits, vu de Ménaka");
    let (address, csrf) = verb(&shown, "/withdraw/links/");
    assert_eq!(office.post(&address, &officer.cookie, &[("csrf", &csrf)]).await.status, 303);
    officer.get(&one).await.does_not_say("Même conflit que");
    office.app.stop().await;
}
