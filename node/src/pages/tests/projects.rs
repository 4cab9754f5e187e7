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

/// The same with a blank between what stands in two cells.
fn cells(shown: &Answer, id: &str) -> String {
    let spaced = Answer { status: shown.status, headers: HeaderMap::new(), text: shown.text.replace('<', " <") };
    section(&spaced, id).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A request that was evaluated and approved.
async fn approved(office: &Office, officer: &Person<'_>, title: &str) -> String {
    let decision = json!({"outcome": "approved", "members_present": ["X"], "reasons": "utile"});
    let page = project(
        office,
        json!({
            "title": title, "origin": "request", "status": "evaluated", "eligibility": met(),
            "evaluators": ["A"], "committee_decisions": {"new": decision},
        }),
    )
    .await;
    assert_eq!(
        officer.fill(&format!("{page}/evaluate"), &[("evaluator", "A"), ("relevance", "Oui")]).await.status,
        303
    );
    assert_eq!(step(officer, &page, &[("to", "approved")]).await.status, 303);
    page
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
    assert!(
        told.contains("Déclarer recevable – Impossible : la recevabilité n'est pas vérifiée (Recevabilité)"),
        "{told}"
    );
    shown.says(&format!("href=\"{page}/edit#f-eligibility\""));
    officer.get(&format!("{page}/edit")).await.says("id=\"f-eligibility\"");
    // A refused step comes back with the reason, and nothing has changed.
    let refused = step(&officer, &page, &[("to", "approved")]).await;
    assert_eq!(refused.status, 200);
    refused.says("role=\"alert\"");
    let told = section(&refused, "steps");
    for said in [
        "Le statut n'a pas changé. Ce qui empêche « Approuvé »",
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
    assert!(section(&refused, "steps").contains("Impossible : le motif n'est pas indiqué"));
    let gone = step(&officer, &page, &[("to", "returned"), ("returned_missing", "Le budget")]).await;
    assert_eq!(gone.header("location"), format!("{page}?saved=1"));
    let shown = officer.get(&page).await;
    shown.says("aria-current=\"step\">À compléter<");
    shown.says("Le budget");
    // Returned again it is asked again, with what was said before; saying nothing more takes nothing back.
    assert_eq!(step(&officer, &page, &[("to", "submitted")]).await.status, 303);
    let shown = officer.get(&page).await;
    shown.says("name=\"returned_missing\" rows=\"3\"");
    assert!(section(&shown, "steps").contains("Le budget"));
    assert_eq!(step(&officer, &page, &[("to", "returned"), ("returned_missing", "")]).await.status, 303);
    officer.get(&page).await.says("Le budget");
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
    // Among all statuses there is one reason to be given, and what no reason helps is told first.
    for reason in ["", "Retrait"] {
        let refused = step(&officer, &page, &[("to", "suspended"), ("reason", reason)]).await;
        let told = section(&refused, "steps");
        assert!(told.contains("ce statut ne suit pas le précédent") && !told.contains("motif n'est pas"), "{told}");
    }
    let refused = step(&officer, &page, &[("to", "abandoned"), ("reason", " ")]).await;
    assert!(section(&refused, "steps").contains("le motif n'est pas indiqué"));
    assert_eq!(step(&officer, &page, &[("to", "abandoned"), ("reason", "Sans suite")]).await.status, 303);
    officer.get(&page).await.says("Sans suite");
    assert_eq!(step(&officer, &page, &[("to", "eligible")]).await.status, 303);
    // The same reason may hold twice.
    for to in ["abandoned", "eligible", "abandoned", "eligible"] {
        assert_eq!(step(&officer, &page, &[("to", to), ("status_reason", "Retrait")]).await.status, 303, "{to}");
    }
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
    let officer = office.sign_in("Aïssata").await;
    let page = approved(&office, &officer, "École du campement").await;
    let shown = officer.get(&page).await;
    shown.says("name=\"agreement_signed_date\"");
    let refused = step(&officer, &page, &[("to", "agreed"), ("agreement_signed_date", "un jour")]).await;
    assert!(section(&refused, "steps").contains("Écrivez une date"));
    refused.says("value=\"un jour\"");
    assert_eq!(step(&officer, &page, &[("to", "agreed"), ("agreement_signed_date", "25/11/2009")]).await.status, 303);
    officer.get("/plan?quarter=2010-33").await.says("École du campement");
    let plan = officer.get("/plan?quarter=2010-33").await;
    assert!(plain(&plan.text).contains("1 ligne de programmation"));
    plan.says(&format!("{page}/edit/plan/"));
    // The quarter in which it is signed has none, and says so.
    let signed = officer.get("/plan?quarter=2009-36").await;
    assert!(section(&signed, "without").contains("École du campement · Convention signée"));
    for quarter in ["/plan", "/projects", "/plan?quarter=2009-35", "/plan?quarter=2010-33"] {
        signed.says(&format!("href=\"{quarter}\""));
    }
    for wrong in ["2026", "x", ""] {
        assert_eq!(officer.get(&format!("/plan?quarter={wrong}")).await.status, 404, "{wrong}");
    }
    // The form of the record refuses a step that lacks something, and does the same for one that does not.
    let other = project(&office, json!({"title": "Puits", "origin": "request"})).await;
    let refused = officer.fill(&format!("{other}/edit"), &[("status", "agreed")]).await;
    assert_eq!(refused.status, 200, "a step that lacks something is refused there too");
    let other = approved(&office, &officer, "Puits").await;
    let form = format!("{other}/edit");
    let opened = officer.get(&form).await;
    let typed =
        [("status", "agreed"), ("agreement_signed_date", "2009-11"), ("agreement_conditions", "Un rapport par mois.")];
    for _ in 0..2 {
        assert_eq!(officer.send(&form, &opened, &typed).await.status, 303);
    }
    let record = office.app.record(other.rsplit('/').next().unwrap().parse().unwrap()).await.unwrap();
    let quarters: Vec<&Value> =
        record.fields["plan"].as_object().unwrap().values().map(|line| &line["quarter"]).collect();
    assert_eq!(quarters, [&json!("2010-33")]);
    assert_eq!(record.fields["agreement_conditions"], "Un rapport par mois.", "sent twice, it is there once");
    office.app.stop().await;
}

#[tokio::test]
async fn the_plan_tells_what_was_done_and_what_has_no_line() {
    let office = Office::new().await;
    let quarter = Quarter::of_day(days::today(office_now()));
    let line = |executed: Value, why: Value| json!({"quarter": quarter.date().to_string(), "planned": "Deux sessions", "executed": executed, "why_not": why});
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

#[tokio::test]
async fn a_request_is_begun_with_its_sections_ticked_and_says_which_are_missing() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let list = officer.get("/projects").await;
    for origin in ["request", "own", "programme"] {
        list.says(&format!("href=\"/projects/new?origin={origin}\""));
    }
    let form = officer.get("/projects/new?origin=request").await;
    form.says("<h1>Nouvelle requête</h1>");
    assert_eq!(form.input("status").as_deref(), Some("submitted"));
    let sections = PACK.proposal_sections();
    let ticked = sections.iter().take(11).map(|section| format!("sections/{}/present", section.key));
    let ticked: Vec<String> = ticked.collect();
    let page_name = format!("sections/{}/page", sections[0].key);
    let typed: Vec<(&str, &str)> = ticked
        .iter()
        .map(|name| (name.as_str(), "yes"))
        .chain([("title", "École du campement"), (page_name.as_str(), "3")])
        .collect();
    // What cannot be saved yet comes back with its ticks and without a choice of origin.
    let wrong: Vec<(&str, &str)> = typed.iter().copied().chain([("submitted_date", "hier")]).collect();
    let back = officer.fill("/projects/new?origin=request", &wrong).await;
    assert_eq!((back.status, back.text.matches(" checked").count() >= 11), (200, true));
    back.says("<h1>Nouvelle requête</h1>");
    let saved = officer.send("/projects/new", &back, &[("submitted_date", "")]).await;
    assert_eq!(saved.status, 303, "{saved:?}");
    let page = saved.header("location").split('?').next().unwrap().to_owned();
    let shown = officer.get(&page).await;
    let told = section(&shown, "sections");
    let missing: Vec<&str> = sections[11..].iter().map(|section| section.fr.as_str()).collect();
    assert!(told.contains(&format!("3 rubriques manquantes : {}", missing.join(", "))), "{told}");
    assert_eq!((told.matches("Présente").count(), told.matches("Absente").count()), (11, 3), "{told}");
    shown.says("aria-current=\"step\">Déposé<");
    shown.says(&format!("href=\"{page}/edit#f-sections\""));
    // Whoever goes on with the next one stays with requests; what nobody has looked for is not absent.
    let next = officer.fill("/projects/new?origin=request", &[("title", "Puits"), ("next", "1")]).await;
    assert!(next.header("location").ends_with("&origin=request"), "{next:?}");
    let id = next.header("location").split(['=', '&']).nth(1).unwrap().to_owned();
    officer.get(&format!("/projects/{id}")).await.says("Les rubriques de la proposition ne sont pas vérifiées");
    office.app.stop().await;
}

#[tokio::test]
async fn what_is_no_request_has_none_of_the_parts_of_one() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    for (origin, heading) in [("own", "Nouvelle activité du Programme"), ("programme", "Autre programme")] {
        let address = format!("/projects/new?origin={origin}");
        let form = officer.get(&address).await;
        form.says(&format!("<h1>{heading}</h1>"));
        let names: Vec<String> = form.inputs().into_iter().map(|(name, _)| name).collect();
        for absent in ["applicant", "sections", "eligibility", "evaluators", "agreement_signed_date"] {
            assert!(!names.iter().any(|name| name.starts_with(absent)), "{origin} {absent}");
        }
        assert!(names.contains(&"description".to_owned()) && names.contains(&"need/amount".to_owned()));
        form.does_not_say("value=\"approved\"");
        let saved = officer.fill(&address, &[("title", "Tournée"), ("status", "active")]).await;
        let page = saved.header("location").split('?').next().unwrap().to_owned();
        let shown = officer.get(&page).await;
        for absent in ["id=\"sections\"", "id=\"eligibility\"", "une décision du comité"] {
            shown.does_not_say(absent);
        }
        assert!(
            has_button(&shown, "suspended") && section(&shown, "plan").contains("Ajouter une ligne de programmation")
        );
        shown.does_not_say("<option value=\"approved\">");
    }
    // Without an origin the form is whole, as for what stands on paper.
    let whole = officer.get("/projects/new?origin=%3Cscript%3E").await;
    whole.says("<h1>Nouveau projet</h1>");
    assert!(whole.inputs().iter().any(|(name, _)| name == "applicant"));
    office.app.stop().await;
}

#[tokio::test]
async fn projects_stand_under_their_statuses_in_the_order_of_the_workflow() {
    let office = Office::new().await;
    let of = |origin: &str, status: &str, title: &str| json!({"title": title, "origin": origin, "status": status});
    for number in 0..7 {
        project(&office, of("request", "submitted", &format!("Déposée {number}"))).await;
    }
    project(&office, of("request", "approved", "Approuvée")).await;
    project(&office, of("own", "active", "Tournée")).await;
    project(&office, json!({"title": "Sans rien", "regions": ["ML-8"]})).await;
    let reader = office.sign_in("Moussa").await;
    reader.get("/projects").await.says("href=\"/projects?view=status\"");
    let shown = reader.get("/projects?view=status").await;
    let text = plain(&shown.text);
    let mut rest = text.as_str();
    for said in [
        "10 fiches",
        "Requête (8)",
        "Déposé (7)",
        "Voir les 7 fiches",
        "Approuvé (1)",
        "Activité du Programme (1)",
        "En exécution (1)",
        "Non renseigné (1)",
        "Sans rien",
    ] {
        let at = rest.find(said).unwrap_or_else(|| panic!("not in its place: {said}\n{text}"));
        rest = &rest[at + said.len()..];
    }
    assert_eq!(text.matches("Déposée ").count(), 5);
    shown.says("href=\"/projects?origin=request&amp;status=submitted\"");
    assert!(plain(&reader.get("/projects?origin=request&status=submitted").await.text).contains("7 fiches"));
    shown.says("href=\"/projects?origin=unstated&amp;status=unstated\"");
    assert!(plain(&reader.get("/projects?origin=unstated&status=unstated").await.text).contains("1 fiche"));
    let narrowed = reader.get("/projects?view=status&region=ML-8").await;
    assert!(plain(&narrowed.text).contains("1 fiche") && !narrowed.text.contains("Tournée"));
    narrowed.says("href=\"/projects?region=ML-8&amp;origin=unstated&amp;status=unstated\"");
    assert!(
        plain(&narrowed.text).contains("Seulement : Régions concernées : Kidal – Tous les projets"),
        "{}",
        plain(&narrowed.text)
    );
    narrowed.says("href=\"/projects?view=status\"");
    shown.does_not_say("Seulement");
    // The link from a list takes along what narrows both, and the page is sorted by the rest.
    let list = reader.get("/projects?status=active&origin=own&region=ML-8&text=rien").await;
    list.says("href=\"/projects?region=ML-8&amp;text=rien&amp;view=status\"");
    let all = reader.get("/projects?view=status&status=active&origin=own").await;
    assert!(plain(&all.text).contains("10 fiches") && !all.text.contains("Seulement"));
    office.app.stop().await;
}

#[tokio::test]
async fn money_stands_by_partner_and_year_in_each_currency_and_what_is_reversed_does_not_count() {
    let office = Office::new().await;
    let usd = |amount: i64| json!({"amount": amount * 100, "currency": "USD"});
    let given = |partner: &str, date: &str, money: Value| json!({"partner": partner, "date": date, "money": money, "stage": "received"});
    let page = project(
        &office,
        json!({
            "title": "Programme", "origin": "own", "status": "active", "need": usd(4_434_000),
            "contributions": {
                "new-1": given("Norvège", "2009", usd(500_000)), "new-2": given("Norvège", "2010-06", usd(1_440_000)),
                "new-3": given("Autres", "2009/2010", usd(2_790_000)),
                "new-4": given("État", "2010", json!({"amount": 7_000_000, "currency": "XOF"})),
                "new-5": given("Erreur", "2010", usd(1_000)),
            },
            "budget_lines": {
                "new-1": {"label": "Études", "stage": "planned", "money": usd(100)},
                "new-2": {"label": "Véhicules", "stage": "planned", "money": usd(200)},
                "new-3": {"label": "Études", "stage": "spent", "money": json!({"amount": 40, "currency": "XOF"})},
            },
        }),
    )
    .await;
    let officer = office.sign_in("Aïssata").await;
    let id = page.rsplit('/').next().unwrap().parse().unwrap();
    let record = office.app.record(id).await.unwrap();
    let lines = record.fields["contributions"].as_object().unwrap();
    let (wrong, _) = lines.iter().find(|(_, line)| line["partner"] == "Erreur").unwrap();
    let csrf = hidden(&officer.get(&page).await).into_iter().find(|(name, _)| name == "csrf").unwrap().1;
    let gone =
        office.post(&format!("{page}/withdraw/contributions/{wrong}"), &officer.cookie, &[("csrf", &csrf)]).await;
    assert_eq!(gone.status, 303);
    let shown = officer.get(&page).await;
    let told = cells(&shown, "contributions");
    for said in [
        "Besoin 4 434 000 USD Cumul 4 730 000 USD Excédent 296 000 USD",
        "Cumul 7 000 000 XOF",
        "Norvège 500 000 USD 1 440 000 USD 1 940 000 USD",
        "Autres 2 790 000 USD 2 790 000 USD",
        "Partenaire 2009 2010 Sans année Cumul",
        "ligne annulée, non comptée",
        "annule une autre ligne, non comptée",
        "ne s'additionnent pas",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert_eq!(shown.text.matches("class=\"withdrawn\"").count(), 2, "{}", shown.text);
    shown.does_not_say(&format!("/withdraw/contributions/{wrong}\""));
    let budget = cells(&shown, "budget");
    assert!(budget.contains("État de la ligne USD XOF") && budget.contains("Prévue 300 USD"), "{budget}");
    assert!(budget.contains("Dépensée 40 XOF"), "{budget}");
    for way in ["budget_lines/new", "contributions/new"] {
        shown.says(&format!("{page}/edit/{way}\""));
    }
    office.app.stop().await;
}

#[tokio::test]
async fn many_years_have_no_columns_of_their_own() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let cells_of = async |count: u16| {
        let line = |n: u16| json!({"partner": format!("P{n:02}"), "date": (2000 + n).to_string(), "stage": "received", "money": {"amount": n, "currency": "XOF"}});
        let lines: serde_json::Map<String, Value> = (1..=count).map(|n| (format!("new-{n}"), line(n))).collect();
        let fields = json!({"title": "x", "origin": "own", "status": "active", "contributions": lines});
        let shown = officer.get(&project(&office, fields).await).await;
        let table = shown.text.split("<tfoot>").next().unwrap().rsplit("<table").next().unwrap().to_owned();
        (table.matches("<td>").count(), cells(&shown, "contributions"))
    };
    assert_eq!(cells_of(12).await.0, 12 * 13);
    let (count, told) = cells_of(13).await;
    assert_eq!(count, 13 * 2);
    assert!(
        told.contains("P13 2013 : 13 XOF 13 XOF") && told.contains("2012 : 12 XOF · 2013 : 13 XOF 91 XOF"),
        "{told}"
    );
    office.app.stop().await;
}

#[tokio::test]
async fn eligibility_and_plan_are_tables_with_the_way_to_change_them() {
    let office = Office::new().await;
    let criteria = PACK.eligibility_criteria();
    let page = project(
        &office,
        json!({
            "title": "École", "origin": "request", "status": "submitted",
            "eligibility": {
                (criteria[0].key.as_str()): {"met": true, "by": "Équipe de gestion", "why": "Agrément vu."},
                (criteria[1].key.as_str()): {"met": false},
            },
            "plan": {
                "new-1": {"quarter": "2010-33", "planned": "Deux sessions", "executed": "not-done", "why_not": "Piste coupée"},
                "new-2": {"quarter": "2009-36", "planned": "Une étude", "executed": "done", "executed_date": "2009-12-01"},
            },
        }),
    )
    .await;
    let officer = office.sign_in("Aïssata").await;
    let shown = officer.get(&page).await;
    let told = cells(&shown, "eligibility");
    let first = format!("{} Rempli Équipe de gestion Agrément vu.", criteria[0].fr);
    for said in [first.as_str(), &format!("{} Non rempli", criteria[1].fr), &format!("{} Non vérifié", criteria[2].fr)]
    {
        assert!(told.contains(said), "{said}: {told}");
    }
    let plan = cells(&shown, "plan");
    let (earlier, later) =
        (plan.find("4e trimestre 2009 Une étude Exécuté, 1er décembre 2009"), plan.find("1er trimestre 2010"));
    assert!(earlier.is_some() && earlier < later, "{plan}");
    assert!(plan.contains("Deux sessions Non exécuté Piste coupée"), "{plan}");
    // Saving a line leads back to it, and a withdrawn one stays, struck.
    let add = format!("{page}/edit/plan/new");
    let saved = officer.fill(&add, &[("plan/new/quarter", "T2 2010"), ("plan/new/planned", "Suivi")]).await;
    let (address, line) = saved.header("location").split_once('#').expect("an anchor");
    let shown = officer.get(address).await;
    shown.says(&format!("id=\"{line}\""));
    let item = line.trim_start_matches("item-");
    let csrf = hidden(&shown).into_iter().find(|(name, _)| name == "csrf").unwrap().1;
    let withdraw = format!("{page}/withdraw/plan/{item}");
    assert_eq!(office.post(&withdraw, &officer.cookie, &[("csrf", &csrf)]).await.status, 303);
    let shown = officer.get(&page).await;
    assert!(cells(&shown, "plan").contains("2e trimestre 2010 Élément retiré Suivi"));
    shown.says(&format!("{page}/restore/plan/{item}"));
    office.app.stop().await;
}
