//! Reports on the programme's own history: what they say and what they never say, the same at two offices, and again.

use axum::body::Bytes;
use futures::stream;
use serde_json::json;
use toguna_protocol::{
    engine::{Contents, Intent},
    record::Kind,
};

use super::{
    national::{links, plain},
    *,
};
use crate::report::kept::REPORTS_FILE;

/// Hands everything that one office holds to another.
async fn carry(from: &Office, to: &Office) {
    let mut pieces = Vec::new();
    let mut next = Some(from.app.export_bundle(Contents::default()).await.unwrap());
    while let Some(parcel) = next.take() {
        let Some((piece, parcel)) = parcel.piece().await.unwrap() else { break };
        pieces.push(Ok::<_, std::io::Error>(Bytes::from(piece)));
        next = Some(parcel);
    }
    to.app.take_in_bundle(stream::iter(pieces)).await.unwrap();
}

impl Person<'_> {
    /// Makes a report; the address of it.
    async fn report(&self, kind: &str, year: &str, quarter: &str) -> String {
        let inputs = [("kind", kind), ("year", year), ("quarter", quarter)];
        let answer = self.fill("/reports", &inputs).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").to_owned()
    }
}

impl Office {
    fn lines_kept(&self) -> usize {
        std::fs::read_to_string(self._home.path().join(REPORTS_FILE)).map_or(0, |text| text.lines().count())
    }
}

#[tokio::test]
async fn the_annual_report_says_what_the_book_says_of_2010() {
    let office = Office::with_history().await;
    let moussa = office.sign_in("Moussa").await;
    let address = moussa.report("annual", "2010", "").await;
    let page = moussa.get(&address).await;
    let text = plain(&page.text);
    for said in [
        "Rapport annuel, 2010",
        "87 prévues, 79 exécutées (90,8 %), chiffre déclaré ; 30 activités détaillées",
        "Ressources au 31",
        "Mobilisé dans l'année1 640 000 USD",
        "Cumul4 730 000 USD",
        "Excédent296 000 USD",
        "14 conflits",
        "136 recommandations",
        "sans bureau : saisi par",
        "Kayes, Koulikoro, Sikasso, Ségou, Mopti, Tombouctou",
        "Établi parMoussa, Gao",
    ] {
        assert!(text.contains(said), "not said: {said}\n{text}");
    }
    assert!(page.text.contains("class=\"rule\""), "lines to write on, where no review is entered");
    let fingerprint = address.rsplit('/').next().unwrap().to_uppercase();
    assert!(text.replace(' ', "").contains(&fingerprint), "{fingerprint}\n{text}");
    page.does_not_say("État antérieur");
    page.does_not_say("report-");
    // Looking at one leaves no trace, and the same form sent twice makes one.
    assert_eq!(office.lines_kept(), 1);
    let form = moussa.get("/reports").await;
    for _ in 0..2 {
        let again = moussa.send("/reports", &form, &[("kind", "annual"), ("year", "2010")]).await;
        assert_eq!(again.header("location"), address);
    }
    assert_eq!(office.lines_kept(), 2, "who made it when is noted each time, once for each form");
    // Back in the browser, another year; and a form that does not say which it is.
    let other = moussa.send("/reports", &form, &[("kind", "annual"), ("year", "2009")]).await;
    moussa.get(other.header("location")).await.says("Rapport annuel, 2009");
    let csrf = form.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    for (year, lines) in [("2008", 4), ("2009", 5)] {
        let inputs = [("csrf", csrf), ("kind", "annual"), ("year", year)];
        let made = office.post("/reports", &moussa.cookie, &inputs).await;
        moussa.get(made.header("location")).await.says(&format!("Rapport annuel, {year}"));
        assert_eq!(office.lines_kept(), lines);
    }
    office.app.stop().await;
}

#[tokio::test]
async fn every_figure_of_the_national_picture_is_what_was_printed_until_something_changes() {
    let office = Office::with_history().await;
    let moussa = office.sign_in("Moussa").await;
    moussa.get("/national").await.says("Aucun de ces chiffres n'a encore été imprimé");
    let address = moussa.report("annual", "2010", "").await;
    let page = moussa.get("/national").await;
    let all = links(&page);
    let printed = |text: &str| Some(text.strip_prefix("(imprimé : ")?.strip_suffix(')')?.to_owned());
    let mut compared = 0;
    for pair in all.windows(2) {
        // Activities by status stand in no report.
        let is_figure = pair[0].0.contains('?') && !pair[0].0.contains("origin=own&status=");
        if let (Some(value), true) = (printed(&pair[1].1), is_figure) {
            assert_eq!(pair[1].0, address);
            assert_eq!(pair[0].1.split(' ').next(), value.split(' ').next(), "{pair:?}");
            compared += 1;
        }
    }
    assert!(compared > 60, "{compared}");
    let text = plain(&page.text);
    for said in ["14 conflits (imprimé : 14)", "(imprimé : 4 730 000 USD)", "(imprimé : 296 000 USD)", "(imprimé : 87)"]
    {
        assert!(text.contains(said), "not said: {said}\n{text}");
    }
    // A page on another year prints neither the total declared of these nor each partner: what was printed before stands.
    moussa.report("brief", "2015", "").await;
    let text = plain(&moussa.get("/national").await.text);
    assert!(text.contains("(imprimé : 87)"), "{text}");
    let activities = text.split("Activités").nth(1).unwrap();
    assert!(!activities.contains("(imprimé : 0)") && !text.contains("(imprimé : 0 USD)"), "{text}");
    office.make(Intent::Create(Kind::Conflict, json!({"title": "Mare", "regions": ["ML-7"]}))).await;
    let text = plain(&moussa.get("/national").await.text);
    assert!(text.contains("15 conflits (imprimé : 14)"), "{text}");
    office.app.stop().await;
}

#[tokio::test]
async fn two_offices_that_hold_the_same_print_the_same_fingerprint() {
    let (gao, bamako) = (Office::with_history().await, Office::named("Bamako", None).await);
    carry(&gao, &bamako).await;
    carry(&bamako, &gao).await;
    let (at_gao, at_bamako) = (gao.sign_in("Moussa").await, bamako.sign_in("Fatoumata").await);
    for (kind, quarter) in [("annual", ""), ("quarterly", "4"), ("brief", ""), ("digest", "")] {
        let one = at_gao.report(kind, "2010", quarter).await;
        assert_eq!(one, at_bamako.report(kind, "2010", quarter).await, "{kind}");
    }
    gao.app.stop().await;
    bamako.app.stop().await;
}

#[tokio::test]
async fn a_report_is_printed_again_as_it_was_after_records_have_changed() {
    let office = Office::with_history().await;
    let (moussa, aissata) = (office.sign_in("Moussa").await, office.sign_in("Aïssata").await);
    let address = moussa.report("annual", "2010", "").await;
    let before = plain(&moussa.get(&address).await.text);
    let more = json!({
        "title": "Appui au cercle de Bourem", "origin": "own", "status": "closed", "start_date": "2010-03",
        "contributions": {"new": {"partner": "Norvège", "date": "2010", "stage": "received", "money": {"amount": 50_000, "currency": "USD"}}},
        "reviews": {"new": {"date": "2010-06-07", "difficulties": "La piste était coupée."}},
    });
    office.make(Intent::Create(Kind::Project, more)).await;
    aissata.conflict(&[("title", "Mare de Gossi")]).await;
    let again = moussa.get(&address).await;
    let after = plain(&again.text);
    assert!(after.contains("État antérieur – les données d'aujourd'hui donnent d'autres chiffres."), "{after}");
    let note = after.find("État antérieur").unwrap();
    let end = after[note..].find("chiffres.").unwrap() + note + "chiffres.".len();
    assert_eq!(format!("{}{}", &after[..note], &after[end..]), before, "but for the note it is the same");
    again.does_not_say("n'est pas le rapport d'origine");
    // From now on, and from the same state as before.
    let now = moussa.report("annual", "2010", "").await;
    assert_ne!(now, address);
    let page = plain(&moussa.get(&now).await.text);
    assert!(page.contains("La piste était coupée.") && page.contains("15 conflits"), "{page}");
    let fingerprint = address.rsplit('/').next().unwrap();
    let inputs = [("kind", "annual"), ("year", "2010"), ("knowledge", fingerprint)];
    assert_eq!(moussa.fill("/reports", &inputs).await.header("location"), address);
    office.app.stop().await;
}

#[tokio::test]
async fn reports_never_say_who_where_to_and_what_is_restricted() {
    let office = Office::new().await;
    let moussa = office.sign_in("Moussa").await;
    let year = days::today(UnixSeconds(jiff::Timestamp::now().as_second())).0;
    let place = json!({"name": "Puits de Tin-Zaw", "lat": 19.61234, "lon": 1.43219, "precision": "exact"});
    let conflict = |sensitivity: &str| {
        json!({
            "title": format!("Conflit {sensitivity}"), "sensitivity": sensitivity, "regions": ["ML-8"], "place": place,
            "narrative": "Raconté par un témoin.", "paper_reference": "PV-4711",
            "incidents": {"new": {"date": format!("{year}-01-03"), "incident_type": "cattle-theft", "place": place, "deaths": 3, "text": "Vu par un berger."}},
            "agreements": {"new": {"signed_date": format!("{}", year - 1), "term_years": 1}},
        })
    };
    let project = |sensitivity: &str| {
        json!({
            "title": format!("Projet {sensitivity}"), "origin": "own", "sensitivity": sensitivity, "status": "active",
            "start_date": format!("{year}"), "evaluators": ["Évaluatrice Une"],
            "plan": {"new": {"quarter": format!("{}", year), "planned": "Mission à Tessalit le 12"}},
            "reviews": {"new": {"date": format!("{year}-01-05"), "lessons": format!("Leçon {sensitivity}")}},
        })
    };
    for sensitivity in ["public", "internal", "restricted"] {
        office.make(Intent::Create(Kind::Conflict, conflict(sensitivity))).await;
        office.make(Intent::Create(Kind::Project, project(sensitivity))).await;
    }
    let mission = json!({"title": "Mission de Ménaka", "status": "planned", "start_date": format!("{year}-12-31"), "sensitivity": "public", "place": place});
    office.make(Intent::Create(Kind::Consultation, mission)).await;
    let mut pages = Vec::new();
    for (kind, quarter) in [("annual", ""), ("quarterly", "1"), ("brief", ""), ("digest", "")] {
        let address = moussa.report(kind, &year.to_string(), quarter).await;
        pages.push((kind, plain(&moussa.get(&address).await.text)));
    }
    let kept = std::fs::read_to_string(office._home.path().join(REPORTS_FILE)).unwrap();
    for (kind, text) in pages.iter().map(|(kind, text)| (*kind, text.as_str())).chain([("kept", kept.as_str())]) {
        for never in [
            "Tin-Zaw",
            "19.6",
            "19,6",
            "1.43",
            "témoin",
            "berger",
            "Évaluatrice",
            "Tessalit",
            "Ménaka",
            "PV-4711",
            "Conflit restricted",
            "Projet restricted",
            "Leçon restricted",
        ] {
            assert!(!text.contains(never), "{kind} says {never}:\n{text}");
        }
    }
    let of = |kind: &str| pages.iter().find(|(other, _)| *other == kind).map(|(_, text)| text.as_str()).unwrap();
    assert!(of("annual").contains("Conflit internal") && of("annual").contains("Leçon public"), "{}", of("annual"));
    assert!(of("annual").contains("3 conflits") && of("annual").contains("3 lignes de plan ne sont que comptées"));
    let body = of("digest").replace("Conflits", "");
    for never in ["Conflit", "Projet", "Leçon", "1 conflit", "Moussa"] {
        assert!(!body.contains(never), "the digest says {never}:\n{body}");
    }
    assert!(body.contains("<5"), "{body}");
    office.app.stop().await;
}

#[tokio::test]
async fn what_was_chosen_wrongly_is_said_and_nothing_is_made() {
    let office = Office::new().await;
    let moussa = office.sign_in("Moussa").await;
    for inputs in [
        [("kind", "quarterly"), ("year", "2010"), ("quarter", "")],
        [("kind", "annual"), ("year", "20"), ("quarter", "")],
        [("kind", "brief"), ("year", "2010-05"), ("quarter", "")],
    ] {
        let answer = moussa.fill("/reports", &inputs).await;
        assert_eq!(answer.status, 422);
        answer.says("Rien n'a été établi");
    }
    assert_eq!(moussa.fill("/reports", &[("kind", "secret"), ("year", "2010")]).await.status, 403);
    assert_eq!(moussa.get("/reports/abc").await.status, 404);
    assert_eq!(moussa.get(&format!("/reports/{}", "a".repeat(32))).await.status, 404);
    assert_eq!(office.lines_kept(), 0);
    office.app.stop().await;
}

#[tokio::test]
async fn a_dossier_has_one_record_whole_less_what_may_not_leave() {
    let office = Office::new().await;
    let moussa = office.sign_in("Moussa").await;
    let place = json!({"name": "Bourem", "lat": 16.95412, "lon": -0.34871, "precision": "village"});
    let conflict = |sensitivity: &str| {
        json!({
            "title": "Mare de Bourem", "sensitivity": sensitivity, "place": place, "narrative": "Depuis la sécheresse.",
            "source_ref": "SRC-9", "incidents": {"new": {"date": "2010-05", "deaths": 2, "place": place}},
            "mediation_meetings": {
                "new": {"date": "2010-06", "next_date": "2090-01-04"},
                "new-2": {"date": "2090-02", "mediators": ["Cadi de Gossi"], "place": {"name": "Gossi", "precision": "village"}},
            },
            "agreements": {"new": {"signed_date": "2010-07", "follow_up_due": "2090-03"}},
        })
    };
    let open = office.make(Intent::Create(Kind::Conflict, conflict("internal"))).await;
    let restricted = office.make(Intent::Create(Kind::Conflict, conflict("restricted"))).await;
    let planned = json!({"title": "Mission", "status": "planned", "start_date": "2090"});
    let planned = office.make(Intent::Create(Kind::Consultation, planned)).await;
    let dossier = async |page: &str| {
        let page = moussa.get(page).await;
        let input = |name: &str| {
            let tag = page.text.split("<input").find(|tag| tag.contains(&format!("name=\"{name}\"")));
            attribute(tag.unwrap().split('>').next().unwrap(), "value").unwrap()
        };
        let inputs = ["csrf", "record", "draft"].map(|name| (name, input(name)));
        let mut sent: Vec<(&str, &str)> = inputs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        sent.push(("kind", "dossier"));
        office.post("/reports", &moussa.cookie, &sent).await
    };
    let made = dossier(&format!("/conflicts/{open}")).await;
    assert_eq!(made.status, 303, "{made:?}");
    let page = moussa.get(made.header("location")).await;
    page.says("<title>Dossier d'une fiche – Toguna</title>");
    let text = plain(&page.text);
    for said in ["Mare de Bourem", "Depuis la sécheresse.", "Historique", "Aïssata, Gao", "Bourem, Village"] {
        assert!(text.contains(said), "not said: {said}\n{text}");
    }
    for never in ["16.95", "16,95", "0.348", "SRC-9", "2090", "Gossi", "État antérieur"] {
        assert!(!text.contains(never), "says {never}:\n{text}");
    }
    let made = dossier(&format!("/conflicts/{restricted}")).await;
    let text = plain(&moussa.get(made.header("location")).await.text);
    assert!(text.contains("Diffusion restreinte : le titre, les récits"), "{text}");
    assert!(!text.contains("sécheresse") && !text.contains("Bourem"), "{text}");
    let refused = dossier(&format!("/consultations/{planned}")).await;
    assert_eq!(refused.status, 422);
    refused.says("cette mission est à venir");
    office.app.stop().await;
}

#[tokio::test]
async fn records_of_the_same_conflict_count_once_as_they_do_in_the_national_picture() {
    let office = Office::new().await;
    let moussa = office.sign_in("Moussa").await;
    let conflict = |phase: &str, region: &str| json!({"title": "Mare", "phase": {"is": phase}, "regions": [region]});
    let one = office.make(Intent::Create(Kind::Conflict, conflict("unknown", "ML-7"))).await;
    let other = office.make(Intent::Create(Kind::Conflict, conflict("truce", "ML-8"))).await;
    office.make(Intent::Create(Kind::Conflict, conflict("open", "ML-8"))).await;
    let tie = json!({"links": {"new": {"record": one, "relation": "same-conflict"}}});
    let heads = office.app.record(other).await.unwrap().heads;
    office.make(Intent::Patch(other, heads, tie)).await;
    moussa.report("annual", "2010", "").await;
    let text = plain(&moussa.get("/national").await.text);
    assert!(text.contains("2 conflits (imprimé : 2)"), "{text}");
    let all = links(&moussa.get("/national").await);
    let compared = all.windows(2).filter(|pair| pair[0].0.contains("/conflicts?") && pair[1].1.contains("imprimé"));
    let compared: Vec<_> = compared.map(|pair| (pair[0].1.clone(), pair[1].1.clone())).collect();
    assert!(compared.len() > 5, "{all:?}");
    for (figure, printed) in compared {
        assert_eq!(printed, format!("(imprimé : {figure})"));
    }
    office.app.stop().await;
}

#[tokio::test]
async fn what_a_report_was_made_from_and_is_not_here_is_told_by_its_office() {
    let (gao, bamako) = (Office::new().await, Office::named("Bamako", None).await);
    carry(&gao, &bamako).await;
    gao.make(Intent::Create(Kind::Conflict, json!({"title": "Mare"}))).await;
    let (at_gao, at_bamako) = (gao.sign_in("Moussa").await, bamako.sign_in("Moussa").await);
    let address = at_gao.report("annual", "2010", "").await;
    let lines = std::fs::read(gao._home.path().join(REPORTS_FILE)).unwrap();
    std::fs::write(bamako._home.path().join(REPORTS_FILE), lines).unwrap();
    let refused = at_bamako.get(&address).await;
    assert_eq!(refused.status, 409);
    refused.says("il manque des modifications de Gao");
    carry(&gao, &bamako).await;
    assert_eq!(at_bamako.get(&address).await.status, 200);
    gao.app.stop().await;
    bamako.app.stop().await;
}
