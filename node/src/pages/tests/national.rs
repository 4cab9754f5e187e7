//! The national picture, the tracker and the map, on the programme's own history.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use toguna_protocol::{
    engine::{Command, Intent},
    ids::RecordId,
};

use super::*;
use crate::{
    exchange::{Draft, Found, Mode, RecordSink, SinkError, events::events, import, programme::history},
    views::Filter,
};

impl RecordSink for Office {
    async fn find_by_source(&self, source_ref: &str) -> Result<Option<Found>, SinkError> {
        let filter = Filter { source_ref: Some(source_ref.to_owned()), ..Filter::default() };
        let page = self.app.views().list(&filter, None, 1).unwrap();
        let Some(found) = page.records.first() else { return Ok(None) };
        let record = self.app.record(found.id).await.unwrap();
        Ok(Some(Found { id: record.id, etag: String::new(), record: Value::Object(record.fields) }))
    }

    async fn find_by_id(&self, id: RecordId) -> Result<Option<Found>, SinkError> {
        let record = self.app.record(id).await.unwrap();
        Ok(Some(Found { id, etag: String::new(), record: Value::Object(record.fields) }))
    }

    async fn create(&self, record: Value) -> Result<RecordId, SinkError> {
        let kind = serde_json::from_value(record["kind"].clone()).unwrap();
        Ok(self.make(Intent::Create(kind, record)).await)
    }

    async fn patch(&self, id: RecordId, _: &str, patch: Value) -> Result<(), SinkError> {
        let heads = self.app.record(id).await.unwrap().heads;
        self.make(Intent::Patch(id, heads, patch)).await;
        Ok(())
    }
}

impl Office {
    pub(super) async fn make(&self, intent: Intent) -> RecordId {
        let command = Command { person: "Aïssata".into(), reason: None, intent };
        self.app.submit(command).await.unwrap().record
    }

    /// An office that holds the programme's history.
    pub(super) async fn with_history() -> Office {
        let office = Office::new().await;
        office.bring(&history(&PACK).unwrap()).await;
        office
    }

    pub(super) async fn bring(&self, drafts: &[Draft]) {
        import(drafts, &PACK.vocabulary(), self, Mode::Write, &mut |_| {}).await.unwrap();
    }

    async fn id_of(&self, source: &str) -> RecordId {
        self.find_by_source(source).await.unwrap().unwrap().id
    }
}

/// Text without markup, spaces as they are read aloud.
pub(super) fn plain(markup: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in markup.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            '\u{a0}' | '\u{202f}' if !inside => text.push(' '),
            c if !inside => text.push(c),
            _ => {}
        }
    }
    unescaped(&text)
}

/// The links of a page: address and text.
pub(super) fn links(answer: &Answer) -> Vec<(String, String)> {
    let tags = answer.text.split("<a ").skip(1);
    let link = |tag: &str| {
        let address = attribute(&format!(" {}", tag.split('>').next()?), "href")?;
        Some((address, plain(&tag[tag.find('>')? + 1..tag.find("</a>")?])))
    };
    tags.filter_map(link).collect()
}

#[tokio::test]
async fn every_figure_of_the_national_picture_leads_to_exactly_its_records() {
    let office = Office::with_history().await;
    let moussa = office.sign_in("Moussa").await;
    let page = moussa.get("/national").await;
    let figures: BTreeMap<String, u64> = links(&page)
        .into_iter()
        .filter(|(address, _)| address.contains('?') && !address.contains("/national"))
        .filter_map(|(address, text)| Some((address, text.trim().split(' ').next()?.parse().ok()?)))
        .collect();
    assert!(figures.len() > 60, "{figures:?}");
    for (address, figure) in figures {
        let list = moussa.get(&address).await;
        assert_eq!(list.status, 200, "{address}");
        let status = list.text.split("<p role=\"status\">").nth(1).unwrap().split("</p>").next().unwrap();
        assert_eq!(plain(status).split(' ').next(), Some(&*figure.to_string()), "{address}");
    }
    office.app.stop().await;
}

#[tokio::test]
async fn the_history_gives_the_figures_of_the_book() {
    let office = Office::with_history().await;
    let moussa = office.sign_in("Moussa").await;
    let page = moussa.get("/national").await;
    let text = plain(&page.text);
    for figure in [
        "14 conflits",
        "87 prévues, 79 exécutées (90,8 %), chiffre déclaré ; 30 activités détaillées",
        "4 730 000 USD mobilisés, pour un besoin de 4 434 000 USD",
        "Excédent296 000 USD",
        "Norvège1 940 000 USD (2 lignes)",
        "136 recommandations",
        "aucune alerte ouverte",
        "Situation arrêtée au ",
        "sans bureau : saisi par Bamako",
        "Limites de 2010",
    ] {
        assert!(text.contains(figure), "not said: {figure}\n{text}");
    }
    let norway = page.text.split("Norvège</th>").nth(1).unwrap().split("</tr>").next().unwrap();
    assert_eq!(norway.matches("<li>").count(), 2);
    assert!(plain(norway).contains("500 000 USD, 2009, Norvège, Reçue"), "{}", plain(norway));
    for (phase, count) in [("unknown", "8"), ("settled", "4"), ("truce", "1"), ("open", "1")] {
        let address = format!("/conflicts?status={phase}");
        let link = links(&page).into_iter().find(|(href, _)| *href == address).expect(phase);
        assert_eq!(link.1, count, "{phase}");
    }
    for nothing in ["au moins", "XOF", "FCFA"] {
        assert!(!text.contains(nothing), "said: {nothing}");
    }
    office.app.stop().await;
}

#[tokio::test]
async fn amounts_of_two_currencies_stand_apart() {
    let office = Office::new().await;
    let line =
        |amount: u64, currency: &str| json!({"partner": "État", "money": {"amount": amount, "currency": currency}});
    let record = json!({
        "title": "Un projet", "need": {"amount": 900_000, "currency": "XOF"},
        "contributions": {"new-1": line(500_000, "XOF"), "new-2": line(12_300, "USD")},
    });
    office.make(Intent::Create(toguna_protocol::record::Kind::Project, record)).await;
    let text = plain(&office.sign_in("Moussa").await.get("/national").await.text);
    for figure in
        ["500 000 XOF mobilisés, pour un besoin de 900 000 XOF", "Solde à mobiliser400 000 XOF", "123 USD mobilisés"]
    {
        assert!(text.contains(figure), "not said: {figure}\n{text}");
    }
    office.app.stop().await;
}

#[tokio::test]
async fn an_alert_shows_how_long_it_waits_and_how_long_answers_took() {
    let office = Office::new().await;
    let alerts = json!({
        "new-1": {"level": "alert", "date": "2020-03-01", "responses": {"new-1": {"date": "2020-03-04"}}},
        "new-2": {"level": "emergency", "date": "2020-03-02"},
        "new-3": {"level": "watch", "date": "2020-01-01", "closed_date": "2020-02-01",
            "responses": {"new-1": {"date": "2020-01-10"}, "new-2": {"date": "2020-01-08"}}},
    });
    let record = json!({"title": "Un puits", "regions": ["ML-7"], "alerts": alerts});
    office.make(Intent::Create(toguna_protocol::record::Kind::Conflict, record)).await;
    let page = office.sign_in("Moussa").await.get("/national").await;
    let text = plain(&page.text);
    for told in ["2 alertes ouvertes, 1 sans réponse", "délai médian 7 j", "3 j après l'alerte", "sans réponse depuis"]
    {
        assert!(text.contains(told), "not said: {told}\n{text}");
    }
    assert!(page.text.find("Urgence") < page.text.find(">Alerte<"), "the most pressing comes first");
    office.app.stop().await;
}

#[tokio::test]
async fn the_map_has_one_point_and_says_where_the_rest_is() {
    let office = Office::with_history().await;
    let moussa = office.sign_in("Moussa").await;
    let list = moussa.get("/conflicts").await;
    list.says("href=\"/conflicts/map\"");
    let map = moussa.get("/conflicts/map").await;
    assert_eq!(map.status, 200);
    assert_eq!(map.text.matches("class=\"map-point\"").count(), 1);
    map.says("Occupation et minage de Tinzawatène · Tinzawatène · Réglé");
    map.says("Limites de 2010");
    let beside = map.text.split("class=\"beside\"").nth(1).unwrap();
    for title in ["Conflits intercommunautaires dans le pays", "Deuxième rébellion du Nord"] {
        assert!(beside.contains(title), "{title}");
        assert_eq!(map.text.matches(title).count(), 1, "nowhere as a mark: {title}");
    }
    for (region, count) in [("ML-8", 4), ("ML-7", 4), ("ML-5", 2), ("ML-1", 1), ("ML-2", 0)] {
        let address = format!("/conflicts?region={region}");
        let (_, text) = links(&map).into_iter().find(|(href, _)| *href == address).expect(region);
        let said = format!(" : {count} conflit");
        assert!(text.contains(&said), "{region}: {text}");
    }
    map.does_not_say("UCDP), hors des fiches");
    let style = moussa.get(&layout::style_path()).await;
    style.says(".map-step-4 .map-outline");
    office.app.stop().await;
}

#[tokio::test]
async fn imported_events_are_a_layer_and_no_conflicts() {
    let office = Office::with_history().await;
    let some: Vec<Draft> = events(&PACK, PACK.events().unwrap()).unwrap().into_iter().take(3).collect();
    office.bring(&some).await;
    let moussa = office.sign_in("Moussa").await;
    let map = moussa.get("/conflicts/map").await;
    map.says("Événements (UCDP), hors des fiches du Programme");
    map.says("class=\"map-events\"");
    assert_eq!(map.text.matches("class=\"map-point\"").count(), 1);
    map.does_not_say("données de démonstration");
    let picture = plain(&moussa.get("/national").await.text);
    assert!(picture.contains("14 conflits") && !picture.contains("17 conflits"));
    moussa.get("/conflicts?events=1").await.says("17 fiches");
    moussa.get("/conflicts").await.says("14 fiches");
    office.app.stop().await;
}

#[tokio::test]
async fn the_tracker_lists_136_of_127_and_narrows_them() {
    let office = Office::with_history().await;
    let moussa = office.sign_in("Moussa").await;
    let all = moussa.get("/recommendations").await;
    let text = plain(&all.text);
    for told in ["136 recommandations", "127 annoncées, 136 recensées", "Compter les thèmes 15 et 16 pour une chacun"]
    {
        assert!(text.contains(told), "not said: {told}\n{text}");
    }
    all.does_not_say("name=\"of\"");
    for (filter, count) in [
        ("theme=5", "17 recommandations"),
        ("silent=1", "136 recommandations"),
        ("status=adopted", "136 recommandations"),
        ("status=done", "0 recommandation<"),
        ("overdue=1", "0 recommandation<"),
        ("theme=5&level=national", "recommandations"),
        ("addressee=nulle+part", "0 recommandation<"),
    ] {
        moussa.get(&format!("/recommendations?{filter}")).await.says(count);
    }
    let mut seen = 0;
    let mut at = Some("/recommendations".to_owned());
    while let Some(address) = at {
        let page = moussa.get(&address).await;
        seen += page.text.matches("class=\"source\"").count();
        at = links(&page).into_iter().find(|(_, text)| text == "Page suivante").map(|(address, _)| address);
    }
    assert_eq!(seen, 136);
    office.app.stop().await;
}

#[tokio::test]
async fn one_follow_up_is_saved_for_several_and_what_failed_is_named() {
    let office = Office::with_history().await;
    let aissata = office.sign_in("Aïssata").await;
    let address = "/recommendations?theme=5";
    let form = aissata.get(address).await;
    let boxes: Vec<String> = form
        .text
        .split("name=\"of\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(boxes.len(), 17);
    let typed = [("date", "03/2011"), ("by", "Gouvernorat de Gao"), ("note", "Commission <installée>")];
    let with = |of: &[&str]| -> Vec<(String, String)> {
        let ticks = of.iter().map(|of| ("of".to_owned(), (*of).to_owned()));
        ticks.chain(typed.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
    };
    let send = async |inputs: Vec<(String, String)>| {
        let inputs: Vec<(&str, &str)> = inputs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        aissata.send(address, &form, &inputs).await
    };

    send(with(&[])).await.says("cochez au moins une recommandation");
    let nothing = send(vec![("of".into(), boxes[0].clone())]).await;
    nothing.says("Rien n'est rempli");
    let wrong = send(vec![("of".into(), boxes[0].clone()), ("date".into(), "bientôt".into())]).await;
    wrong.says("Écrivez une date");
    wrong.says("bientôt");
    assert!(wrong.text.contains(&format!("value=\"{}\" checked", boxes[0])), "what was ticked stays so");

    let before = office.app.record(office.id_of("CON-2005-NAT").await).await.unwrap();
    let answer = send(with(&[&boxes[0], &boxes[1], &boxes[2]])).await;
    answer.does_not_say("role=\"alert\"");
    assert_eq!((answer.status, answer.header("location")), (303, "/recommendations?theme=5&saved=3"));
    let after = office.app.record(before.id).await.unwrap();
    assert_eq!(office.app.history(before.id).await.unwrap().len(), 2, "one change for the consultation");
    for ticked in &boxes[..3] {
        let item = ticked.split('/').nth(1).unwrap();
        let follow_ups = after.fields["recommendations"][item]["follow_ups"].as_object().unwrap();
        let values: Vec<&Value> = follow_ups.values().collect();
        assert_eq!(values, [&json!({"date": "2011-03", "by": "Gouvernorat de Gao", "note": "Commission <installée>"})]);
    }
    let shown = aissata.get(answer.header("location")).await;
    shown.says("La suite est enregistrée pour 3 recommandations.");
    shown.says("Commission &lt;installée&gt;");
    aissata.get("/recommendations?silent=1").await.says("133 recommandations");

    // Somebody withdraws one meanwhile, and another form names what never was.
    let gone = boxes[3].split('/').nth(1).unwrap();
    let patch = json!({"recommendations": {gone: null}});
    office.make(Intent::Patch(after.id, after.heads, patch)).await;
    let unknown = format!("{}/aaaaaaaaaa-1-1", "a".repeat(26));
    let partly = send(with(&[&boxes[4], &boxes[3], &unknown])).await;
    assert_eq!(partly.status, 200);
    partly.says("La suite est enregistrée pour 1 recommandation.");
    partly.says("Elle n'est pas enregistrée pour 2 recommandations");
    partly.says("elle a été retirée, ou n'est pas à ce bureau");
    assert_eq!(send(with(&["x"])).await.status, 403);

    let moussa = office.sign_in("Moussa").await;
    let refused = office.post(address, &moussa.cookie, &[("of", &boxes[0])]).await;
    assert_eq!(refused.status, 403);
    assert_eq!(office.post(address, "", &[("of", &boxes[0])]).await.status, 303);
    office.app.stop().await;
}
