//! Every page in a real browser: it can be used by everybody at 360 and 1,280 pixels, weighs little, and its console is
//! silent.

use fantoccini::key::Key;
use serde_json::Value;
use toguna_tests::{
    browser::{Browser, WIDTHS, Wish, plain},
    demonstration::{At, Demonstration, Link},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_program");

/// Bytes on the wire that a page may weigh with all that it brings along, from nothing.
const PAGE_BYTES: u64 = 120_000;
/// The same with a map of the country.
const MAP_BYTES: u64 = 200_000;

/// A browser that looks at one page after the other, and what is wrong with them.
struct Look {
    browser: Browser,
    wrong: Vec<String>,
}

impl Look {
    /// Opens a page and looks at it.
    async fn at(&mut self, name: &str, address: &str) {
        let bytes = self.browser.weigh(address).await;
        let most = if name.contains("map") || name.starts_with("national") { MAP_BYTES } else { PAGE_BYTES };
        if bytes > most {
            self.wrong.push(format!("{name}: {bytes} bytes of at most {most}"));
        }
        self.here(name).await;
    }

    /// Looks at the page that is open.
    async fn here(&mut self, name: &str) {
        for width in WIDTHS {
            self.browser.width(width).await;
            self.browser.shot(&format!("{name}-{width}")).await;
        }
        let found = self.browser.audit().await;
        self.wrong.extend(found.iter().map(|one| format!("{name}: {one}")));
        self.wrong.extend(self.browser.console().await.iter().map(|one| format!("{name}: console: {one}")));
    }

    async fn become_a(&mut self, demo: &Demonstration, role: &str) {
        self.browser.goto(&demo.page(At::Bamako, "/")).await;
        self.browser.choose("Essayer comme", role).await;
        self.browser.click("Changer").await;
        self.browser.see(&format!("Démo – {role}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_can_be_used_by_everybody_and_weighs_little() {
    let wish = Wish { target: env!("CARGO_TARGET_TMPDIR"), name: "pages", scripts: true };
    let Some(browser) = Browser::open(wish).await else { return };
    let demo = Demonstration::start(PROGRAM, &["--examples"]).await;
    let mut look = Look { browser, wrong: Vec::new() };
    let conflict = format!("/conflicts/{}", record(&demo, "conflict", "Touaregs et Peuls à Gao").await);
    for (name, path) in addresses(&demo, &conflict).await {
        look.at(name, &demo.page(At::Bamako, &path)).await;
    }
    look.at("demo", &demo.links_page()).await;
    // What is filled in within a minute is one sheet.
    look.browser.goto(&demo.page(At::Bamako, "/conflicts/blank/incidents")).await;
    assert_eq!(look.browser.sheets().await, 1, "a blank incident is one sheet");
    where_a_form_leads(&mut look, &demo, &conflict).await;
    divergent(&mut look, &demo, &conflict).await;
    look.become_a(&demo, "Chef de bureau").await;
    for (name, path) in [("accounts", "/accounts"), ("journal", "/journal"), ("conflicts-of-head", "/conflicts")] {
        look.at(name, &demo.page(At::Bamako, path)).await;
    }
    assert!(look.wrong.is_empty(), "{} faults: {:#?}", look.wrong.len(), look.wrong);
}

/// The pages that have an address of their own.
async fn addresses(demo: &Demonstration, conflict: &str) -> Vec<(&'static str, String)> {
    let alert = record(demo, "conflict", "Exemple").await;
    let consultation = record(demo, "consultation", "Exemple").await;
    let series = record(demo, "consultation", "Treize conférences").await;
    let project = record(demo, "project", "Exemple – Convention signée").await;
    let submitted = record(demo, "project", "Exemple – Requête déposée").await;
    let own = record(demo, "project", "Programme de gouvernance partagée").await;
    let at = |path: &str| path.to_owned();
    vec![
        ("today", at("/")),
        ("changes", at("/changes")),
        ("deadlines", at("/deadlines")),
        ("open-to-complete", at("/open/to-complete")),
        ("conflicts", at("/conflicts")),
        ("conflict", conflict.to_owned()),
        ("conflict-with-alert", format!("/conflicts/{alert}")),
        ("conflict-history", format!("{conflict}/history")),
        ("conflict-edit", format!("{conflict}/edit")),
        ("conflict-tie", format!("{conflict}/tie")),
        ("conflict-new", at("/conflicts/new")),
        ("conflict-blank", at("/conflicts/blank")),
        ("conflicts-map", at("/conflicts/map")),
        ("consultations", at("/consultations")),
        ("consultations-tree", at("/consultations/tree")),
        ("consultation", format!("/consultations/{consultation}")),
        ("consultation-with-tree", format!("/consultations/{series}")),
        ("consultation-new", at("/consultations/new")),
        ("consultation-restitution-new", format!("/consultations/{consultation}/new/restitutes")),
        ("recommendations", at("/recommendations")),
        ("projects", at("/projects")),
        ("project", format!("/projects/{project}")),
        ("project-with-money", format!("/projects/{own}")),
        ("project-new", at("/projects/new?origin=request")),
        ("project-new-own", at("/projects/new?origin=own")),
        ("project-submitted", format!("/projects/{submitted}")),
        ("projects-by-status", at("/projects?view=status")),
        ("plan", at("/plan")),
        ("project-evaluate", format!("/projects/{project}/evaluate")),
        ("national", at("/national")),
        ("reports", at("/reports")),
        ("sync", at("/sync")),
        ("only-here", at("/sync/only-here")),
        ("account", at("/account")),
        ("sign-in", at("/sign-in")),
    ]
}

/// Pages to which a form leads: items, places on the map, refusals, slips.
async fn where_a_form_leads(look: &mut Look, demo: &Demonstration, conflict: &str) {
    look.at("incident-new", &demo.page(At::Bamako, &format!("{conflict}/edit/incidents/new"))).await;
    look.browser.click("Choisir sur la carte").await;
    look.browser.see("Cliquez dans la région").await;
    look.here("place-country").await;
    look.browser.click("Gao").await;
    look.browser.see("cliquez le lieu").await;
    look.here("place-region").await;
    look.browser.goto(&demo.page(At::Bamako, "/conflicts/new")).await;
    look.browser.fill("Intitulé", "Exemple – Date illisible").await;
    look.browser.fill("Date d'effet", "un jour").await;
    look.browser.click("Enregistrer").await;
    look.browser.see("Pas encore enregistré").await;
    look.here("refused").await;
    look.browser.goto(&demo.page(At::Bamako, "/sync")).await;
    look.browser.choose("Pour quel bureau ?", "tous les bureaux").await;
    look.browser.click("Préparer un pli").await;
    look.browser.see("Bordereau d'envoi").await;
    look.here("slip").await;
    for (name, kind) in [("report", "Rapport annuel"), ("brief", "Note d'une page"), ("digest", "Synthèse publique")] {
        look.browser.goto(&demo.page(At::Bamako, "/reports")).await;
        look.browser.choose("Rapport", kind).await;
        look.browser.fill("Année", "2010").await;
        look.browser.click("Établir le rapport").await;
        look.browser.see("Empreinte").await;
        look.here(name).await;
    }
    look.browser.goto(&demo.page(At::Bamako, conflict)).await;
    look.browser.click("Établir le dossier").await;
    look.browser.see("Empreinte").await;
    look.here("dossier").await;
    look.at("reports-made", &demo.page(At::Bamako, "/reports")).await;
    look.at("national-printed", &demo.page(At::Bamako, "/national")).await;
}

/// What two offices entered apart.
async fn divergent(look: &mut Look, demo: &Demonstration, conflict: &str) {
    demo.link(Link::South, false).await;
    for (office, phase) in [(At::Gao, "Ouvert"), (At::Bamako, "En apaisement")] {
        look.browser.goto(&demo.page(office, &format!("{conflict}/edit"))).await;
        look.browser.choose("Phase", phase).await;
        look.browser.click("Enregistrer").await;
        look.browser.see("Enregistré à ").await;
    }
    demo.link(Link::South, true).await;
    look.browser.see_after_reload("Saisies divergentes").await;
    look.here("conflict-divergent").await;
    look.browser.click("Voir et trancher").await;
    look.here("settle").await;
    look.at("today-divergent", &demo.page(At::Bamako, "/")).await;
}

/// The id of a record of a kind whose title begins so.
async fn record(demo: &Demonstration, kind: &str, title: &str) -> String {
    let found = demo.api(At::Bamako, &format!("/records?kind={kind}&limit=500")).await;
    let records = found["records"].as_array().expect("a list of records");
    let one = records.iter().find(|one| one["title"].as_str().is_some_and(|known| known.starts_with(title)));
    let one = one.unwrap_or_else(|| panic!("no {kind} is called {title}"));
    one["id"].as_str().expect("a record has an id").to_owned()
}

/// With the keyboard alone: to the main part, through a form, and to its button.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_made_with_the_keyboard_alone() {
    let wish = Wish { target: env!("CARGO_TARGET_TMPDIR"), name: "keyboard", scripts: true };
    let Some(mut browser) = Browser::open(wish).await else { return };
    let demo = Demonstration::start(PROGRAM, &[]).await;
    browser.goto(&demo.page(At::Gao, "/conflicts/new")).await;
    browser.keys(&Key::Tab.to_string()).await;
    assert_eq!(focused(&browser).await, "Aller au contenu", "the first thing to reach");
    browser.keys(&Key::Enter.to_string()).await;
    let mut reached = Vec::new();
    while reached.last().is_none_or(|last| last != "Enregistrer") {
        browser.keys(&Key::Tab.to_string()).await;
        let here = focused(&browser).await;
        if here == "Intitulé" {
            browser.keys("Exemple – Au clavier").await;
        }
        reached.push(here);
        assert!(reached.len() < 80, "the button is not reached: {reached:#?}");
    }
    assert_eq!(reached.iter().position(|name| name == "Conflits"), None, "the navigation is passed over: {reached:?}");
    for name in ["Intitulé", "Phase", "Date d'effet", "Gao", "Nom du lieu", "Description et origine du conflit"] {
        assert!(reached.iter().any(|known| known == name), "{name} is not reached: {reached:#?}");
    }
    browser.shot("button").await;
    browser.keys(&Key::Enter.to_string()).await;
    browser.see("Enregistré à Gao.").await;
    browser.see("Exemple – Au clavier").await;
    browser.assert_calm().await;
}

/// The name of what has the focus.
async fn focused(browser: &Browser) -> String {
    let script = "const one = document.activeElement;
        const label = one.labels?.[0];
        return (label ? label.textContent : one.textContent) || one.getAttribute('aria-label') || ''";
    let name = browser.script(script, Vec::<Value>::new()).await;
    plain(name.as_str().unwrap_or_default())
}
