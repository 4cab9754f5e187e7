//! Projects as a coordinator works with them: steps, the plan, and what the pages say of both.

use serde_json::{Value, json};
use toguna_protocol::{engine::Intent, record::Kind};

use super::{national::plain, *};
use crate::pages::{days, quarter::Quarter};

/// Every required criterion of eligibility, met.
fn met() -> Value {
    let criteria = PACK.eligibility_criteria().iter();
    Value::Object(criteria.map(|criterion| (criterion.key.clone(), json!({"met": true}))).collect())
}

/// A project made as it is; the address of its page.
async fn project(office: &Office, fields: Value) -> String {
    format!("/projects/{}", office.make(Intent::Create(Kind::Project, fields)).await)
}

async fn status(office: &Office, page: &str) -> Value {
    let record = office.app.record(page.rsplit('/').next().unwrap().parse().unwrap()).await.unwrap();
    record.fields.get("status").cloned().unwrap_or_default()
}

/// What a form of steps on this page holds without being typed.
fn hidden(shown: &Answer) -> Vec<(String, String)> {
    let form = shown.text.split("class=\"step\"").nth(1).unwrap_or_else(|| panic!("no steps\n{}", shown.text));
    let inputs = form[..form.find("</form>").unwrap()].split("<input").skip(1);
    let hidden = inputs.filter(|input| input.contains("type=\"hidden\""));
    hidden.map(|input| (attribute(input, "name").unwrap(), attribute(input, "value").unwrap_or_default())).collect()
}

/// Goes a step from a page that was opened, with what is typed beside its button.
async fn press(person: &Person<'_>, page: &str, shown: &Answer, typed: &[(&str, &str)]) -> Answer {
    let hidden = hidden(shown);
    let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let all: Vec<(&str, &str)> = hidden.chain(typed.iter().copied()).collect();
    person.office.post(&format!("{page}/step"), &person.cookie, &all).await
}

async fn step(person: &Person<'_>, page: &str, typed: &[(&str, &str)]) -> Answer {
    let shown = person.get(page).await;
    press(person, page, &shown, typed).await
}

fn has_button(shown: &Answer, to: &str) -> bool {
    shown.text.contains(&format!("name=\"to\" value=\"{to}\""))
}

/// The part of a page with this id, as it is read.
fn section(shown: &Answer, id: &str) -> String {
    let start = shown.text.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id}\n{}", shown.text));
    plain(&shown.text[start..start + shown.text[start..].find("</section>").unwrap()])
}

#[tokio::test]
async fn each_step_is_offered_or_says_what_it_lacks() {
    let office = Office::new().await;
    let fields = json!({"title": "École", "origin": "request", "status": "submitted"});
    let page = project(&office, fields).await;
    let officer = office.sign_in("Aïssata").await;
    let shown = officer.get(&page).await;
    shown.says("aria-current=\"step\">Déposé<");
    assert!(!has_button(&shown, "eligible") && has_button(&shown, "returned") && has_button(&shown, "abandoned"));
    let told = section(&shown, "steps");
    assert!(told.contains("Déclarer recevable – Impossible : la recevabilité n'est pas vérifiée (Recevabilité)"), "{told}");
    shown.says(&format!("href=\"{page}/edit#f-eligibility\""));
    officer.get(&format!("{page}/edit")).await.says("id=\"f-eligibility\"");
    // A refused step comes back with the reason, and nothing has changed.
    let refused = step(&officer, &page, &[("to", "approved")]).await;
    assert_eq!(refused.status, 200);
    refused.says("role=\"alert\"");
    let told = section(&refused, "steps");
    for said in [
        "Le statut n'a pas changé (Approuvé)",
        "Impossible : la recevabilité n'est pas vérifiée",
        "Impossible : la décision commune du comité manque",
        "Ajouter une décision du comité",
        "Impossible : ce statut ne suit pas le précédent",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert_eq!(status(&office, &page).await, "submitted");
    assert_eq!(officer.get(&format!("{page}/step")).await.header("location"), page);
    // What a step asks for is asked beside it, and kept where it is refused.
    let refused = step(&officer, &page, &[("to", "abandoned"), ("status_reason", "  ")]).await;
    refused.says("Impossible : le motif n'est pas indiqué");
    let gone = step(&officer, &page, &[("to", "returned"), ("returned_missing", "Le budget")]).await;
    assert_eq!(gone.header("location"), format!("{page}?saved=1"));
    let shown = officer.get(&page).await;
    shown.says("aria-current=\"step\">À compléter<");
    shown.says("Le budget");
    office.app.stop().await;
}

#[tokio::test]
async fn a_step_is_carried_out_once_and_only_from_where_it_was_seen() {
    let office = Office::new().await;
    let fields = json!({"title": "École", "origin": "request", "status": "submitted", "eligibility": met()});
    let page = project(&office, fields).await;
    let officer = office.sign_in("Aïssata").await;
    let opened = officer.get(&page).await;
    let stale = officer.get(&page).await;
    for _ in 0..2 {
        assert_eq!(press(&officer, &page, &opened, &[("to", "eligible")]).await.status, 303);
    }
    let steps = officer.get(&format!("{page}/history")).await;
    assert_eq!(steps.text.matches("Recevable").count(), 1, "{}", steps.text);
    // Whoever saw an earlier status is told, and the later one stays.
    let clash = press(&officer, &page, &stale, &[("to", "abandoned"), ("status_reason", "Retrait")]).await;
    assert_eq!(clash.status, 200);
    let told = section(&clash, "steps");
    assert!(told.contains("Statut : modifié entre-temps, à présent Recevable"), "{told}");
    clash.says("Retrait");
    assert_eq!(status(&office, &page).await, "eligible");
    // The same with the reader, who sees what is missing and has no button.
    let reader = office.sign_in("Moussa").await;
    let shown = reader.get(&page).await;
    assert!(!has_button(&shown, "abandoned") && !shown.text.contains("class=\"step\""));
    assert!(section(&shown, "steps").contains("Déclarer évalué – Impossible : aucun évaluateur n'est désigné"));
    for (address, typed) in [("/projects/x/step", "eligible"), (&format!("{page}/step"), "no-such-status")] {
        let hidden = hidden(&opened);
        let sent: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("to", typed)]).collect();
        assert_eq!(office.post(address, &officer.cookie, &sent).await.status, 404, "{address}");
    }
    assert_eq!(office.post(&format!("{page}/step"), &officer.cookie, &[("to", "abandoned")]).await.status, 403);
    office.app.stop().await;
}

#[tokio::test]
async fn a_consultation_goes_its_way_on_its_page() {
    let office = Office::new().await;
    let fields = json!({"title": "Forum de Gao", "status": "planned"});
    let page = format!("/consultations/{}", office.make(Intent::Create(Kind::Consultation, fields)).await);
    let officer = office.sign_in("Aïssata").await;
    for (to, said) in [("held", "Tenue"), ("reported", "Rapport déposé"), ("validated", "Rapport validé")] {
        assert!(has_button(&officer.get(&page).await, to), "{to}");
        assert_eq!(step(&officer, &page, &[("to", to), ("reason", "réunion")]).await.status, 303);
        officer.get(&page).await.says(&format!("aria-current=\"step\">{said}<"));
    }
    officer.get(&format!("{page}/history")).await.says("réunion");
    // A conflict has no such way.
    let conflict = officer.conflict(&[("title", "Puits")]).await;
    officer.get(&conflict).await.does_not_say("id=\"steps\"");
    office.app.stop().await;
}

#[tokio::test]
async fn the_last_opinion_shows_all_of_them_and_the_new_status_in_the_same_visit() {
    let office = Office::new().await;
    let fields = json!({
        "title": "École", "origin": "request", "status": "eligible", "eligibility": met(), "evaluators": ["A", "B", "C"],
    });
    let page = project(&office, fields).await;
    let officer = office.sign_in("Aïssata").await;
    for evaluator in ["A", "B", "C"] {
        officer.get(&page).await.says("aria-current=\"step\">Recevable<");
        let relevance = format!("Avis de {evaluator}");
        let typed = [("evaluator", evaluator), ("relevance", &relevance), ("verdict", "favourable")];
        assert_eq!(officer.fill(&format!("{page}/evaluate"), &typed).await.status, 303);
    }
    let shown = officer.get(&page).await;
    shown.says("aria-current=\"step\">Évalué<");
    for said in ["Avis de A", "Avis de B", "Avis de C"] {
        shown.says(said);
    }
    shown.does_not_say("encore scellé");
    office.app.stop().await;
}

#[tokio::test]
async fn a_signed_agreement_stands_in_the_plan_of_the_quarter_after() {
    let office = Office::new().await;
    let decision = json!({"outcome": "approved", "members_present": ["X"], "reasons": "utile"});
    let page = project(
        &office,
        json!({
            "title": "École du campement", "origin": "request", "status": "evaluated", "eligibility": met(),
            "evaluators": ["A"], "committee_decisions": {"new": decision},
        }),
    )
    .await;
    let officer = office.sign_in("Aïssata").await;
    assert_eq!(officer.fill(&format!("{page}/evaluate"), &[("evaluator", "A"), ("relevance", "Oui")]).await.status, 303);
    assert_eq!(step(&officer, &page, &[("to", "approved")]).await.status, 303);
    let shown = officer.get(&page).await;
    shown.says("name=\"agreement_signed_date\"");
    let refused = step(&officer, &page, &[("to", "agreed"), ("agreement_signed_date", "un jour")]).await;
    assert!(section(&refused, "steps").contains("Écrivez une date"));
    refused.says("value=\"un jour\"");
    assert_eq!(step(&officer, &page, &[("to", "agreed"), ("agreement_signed_date", "25/11/2026")]).await.status, 303);
    officer.get("/plan?quarter=2027-33").await.says("École du campement");
    let plan = officer.get("/plan?quarter=2027-33").await;
    assert!(plain(&plan.text).contains("1 ligne de programmation"));
    plan.says(&format!("{page}/edit/plan/"));
    // The quarter in which it is signed has none, and says so; the form of the record does the same.
    let signed = officer.get("/plan?quarter=2026-36").await;
    assert!(section(&signed, "without").contains("École du campement · Convention signée"));
    for quarter in ["/plan", "/projects", "/plan?quarter=2026-35", "/plan?quarter=2027-33"] {
        signed.says(&format!("href=\"{quarter}\""));
    }
    for wrong in ["2026", "x", ""] {
        assert_eq!(officer.get(&format!("/plan?quarter={wrong}")).await.status, 404, "{wrong}");
    }
    let other = project(&office, json!({"title": "Puits", "origin": "request", "agreement_signed_date": "2026-11"})).await;
    let id = other.rsplit('/').next().unwrap().parse().unwrap();
    let saved = officer.fill(&format!("{other}/edit"), &[("status", "agreed")]).await;
    assert_eq!(saved.status, 200, "a step that lacks something is refused there too");
    assert!(!office.app.record(id).await.unwrap().fields.contains_key("plan"));
    office.app.stop().await;
}

#[tokio::test]
async fn the_plan_tells_what_was_done_and_what_has_no_line() {
    let office = Office::new().await;
    let quarter = Quarter::of_day(days::today(office_now()));
    let line = |executed: Value, why: Value| {
        json!({"quarter": quarter.date().to_string(), "planned": "Deux sessions", "executed": executed, "why_not": why})
    };
    let own = |title: &str, status: &str, plan: Value| json!({"title": title, "origin": "own", "status": status, "plan": plan});
    project(&office, own("Fait", "active", json!({"new": line(json!("done"), json!(null))}))).await;
    project(&office, own("Pas fait", "active", json!({"new": line(json!("not-done"), json!("Piste coupée"))}))).await;
    project(&office, own("Ailleurs", "active", json!({"new": {"quarter": "1999-33"}}))).await;
    project(&office, own("Clos", "closed", json!({}))).await;
    let reader = office.sign_in("Moussa").await;
    let plan = reader.get("/plan").await;
    let text = plain(&plan.text);
    for said in ["2 lignes de programmation", "Exécuté : 1", "Non exécuté : 1", "Piste coupée", "Deux sessions"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let without = section(&plan, "without");
    assert!(without.contains("1 projet conventionné") && without.contains("Ailleurs · En exécution"), "{without}");
    assert!(!text.contains("Clos") && !plan.text.contains("/edit/plan"), "{text}");
    for page in ["/projects", "/national"] {
        reader.get(page).await.says("href=\"/plan\"");
    }
    office.app.stop().await;
}

/// The office's clock, which is the machine's.
fn office_now() -> UnixSeconds {
    UnixSeconds(jiff::Timestamp::now().as_second())
}
