//! J4: the Orientation Committee and the partners read on paper.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use toguna_tests::{
    browser::{Browser, plain, sheets_of},
    demonstration::{At, Demonstration},
};

use super::{become_a, begin, converge, expert, open_record};

/// Points of A4, as PDF counts them, without decimals.
const A4: [f64; 2] = [595.0, 842.0];

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_the_same_paper_wherever_and_whenever_it_is_printed() {
    let Some((mut browser, demo)) = begin("j4-paper", true).await else { return };
    converge(&demo).await;

    // 1. The annual report of 2010, from what is known now.
    let at_bamako = make(&mut browser, &demo, At::Bamako, "Rapport annuel").await;
    browser.shot("annual").await;
    let (printed, figures_before) = (on_paper(&browser).await, figures(&browser).await);

    // 2. A4, numbered pages, fingerprint, money, lines to write on, how far each office's entries reach.
    let Paper { text: printed, pages, is_read } = printed;
    assert!(pages > 1, "{pages}");
    for page in [1, pages] {
        let number = format!("{page}/{pages}");
        assert!(!is_read || printed.replace(" / ", "/").contains(&number), "page {page} is numbered\n{printed}");
    }
    let fingerprint = at_bamako.rsplit('/').next().unwrap_or_default().to_uppercase();
    assert!(printed.replace(char::is_whitespace, "").contains(&fingerprint), "{fingerprint}\n{printed}");
    for words in ["Ressources au 31 décembre 2010", "1 640 000 USD", "4 730 000 USD", "Difficultés", "14 conflits"] {
        assert!(printed.contains(words), "not on paper: {words}\n{printed}");
    }
    for office in ["Kidal", "Gao", "Bamako"] {
        let row = browser.read(&format!("//tr[th[normalize-space() = '{office}']]/td")).await;
        assert!(row.contains("20"), "{office} has a date: {row}");
    }
    for words in ["Kayes, Koulikoro, Sikasso, Ségou, Mopti, Tombouctou", "sans bureau : saisi par Bamako"] {
        browser.see(words).await;
    }

    // 3. The same at Gao.
    let at_gao = make(&mut browser, &demo, At::Gao, "Rapport annuel").await;
    assert_eq!(at_gao.rsplit('/').next(), at_bamako.rsplit('/').next(), "one fingerprint");
    assert_eq!(figures(&browser).await, figures_before, "and the same figures");

    // 4. A record changes, and the first report is printed again.
    open_record(&mut browser, &demo, At::Bamako, "Conflits", expert::RECORD).await;
    browser.click("Modifier").await;
    browser.choose("Phase", "Résurgence").await;
    browser.click("Enregistrer").await;
    browser.see("Enregistré à Bamako.").await;
    browser.goto(&at_bamako).await;
    browser.see("État antérieur").await;
    browser.see_no("n'est pas le rapport d'origine").await;
    browser.shot("again").await;
    assert_eq!(figures(&browser).await, figures_before, "as it was");
    browser.goto(&demo.page(At::Bamako, "/national")).await;
    browser.see("14 conflits (imprimé : 14)").await;
    browser.shot("national").await;

    // 5. What no paper says: whom they spoke to, where somebody is still to go, where a place lies.
    for never in ["Représentants", "Personnes ressources", "19,9", "19.9", "CNLCPAL", "après la Conférence"] {
        assert!(!printed.contains(never), "on paper: {never}\n{printed}");
    }
    brief_and_dossier(&mut browser, &demo).await;
    browser.assert_calm().await;
}

/// The brief is one page; a reader makes a dossier, which names no record in its title.
async fn brief_and_dossier(browser: &mut Browser, demo: &Demonstration) {
    become_a(browser, demo, At::Bamako, "Lecteur (lecture seule)").await;
    make(browser, demo, At::Bamako, "Note d'une page").await;
    browser.shot("brief").await;
    assert_eq!(on_paper(browser).await.pages, 1, "the brief is one page");
    make(browser, demo, At::Bamako, "Synthèse publique").await;
    browser.shot("digest").await;
    open_record(browser, demo, At::Bamako, "Conflits", expert::RECORD).await;
    browser.click("Établir le dossier").await;
    browser.see("Empreinte").await;
    browser.see("Résurgence").await;
    browser.shot("dossier").await;
    let title = browser.script("return document.title", Vec::new()).await;
    assert_eq!(title, "Dossier d'une fiche – Toguna");
}

/// Makes a report on 2010 and returns its address.
async fn make(browser: &mut Browser, demo: &Demonstration, office: At, kind: &str) -> String {
    browser.goto(&demo.page(office, "/")).await;
    browser.click("Rapports").await;
    browser.choose("Rapport", kind).await;
    browser.fill("Année", "2010").await;
    browser.choose("Situation", "Situation arrêtée maintenant").await;
    browser.click("Établir le rapport").await;
    browser.see("Empreinte").await;
    browser.see("2010").await;
    browser.address().await
}

/// A report on paper.
struct Paper {
    text: String,
    pages: usize,
    /// Whether the text is that of the PDF, with the numbers of its pages.
    is_read: bool,
}

/// Prints the page that is open. Where no program here reads PDF, its text is what the page shows when it is printed.
async fn on_paper(browser: &Browser) -> Paper {
    let pdf = browser.pdf().await;
    let text = String::from_utf8_lossy(&pdf);
    let size = text.split("/MediaBox [0 0 ").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or_default();
    let size: Vec<f64> = size.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    assert!(size.len() == 2 && size.iter().zip(A4).all(|(is, wanted)| (is - wanted).abs() < 1.5), "A4, not {size:?}");
    let pages = sheets_of(&text);
    let read =
        Command::new("pdftotext").args(["-layout", "-", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut read) = read else {
        // Written past the test harness, which shows nothing of a test that passes.
        let _ = writeln!(
            std::io::stderr(),
            "j4-paper: numbers of pages SKIPPED, since pdftotext of poppler-utils is not here"
        );
        browser.devtools("Emulation.setEmulatedMedia", serde_json::json!({"media": "print"})).await;
        let text = browser.text().await;
        browser.devtools("Emulation.setEmulatedMedia", serde_json::json!({"media": ""})).await;
        return Paper { text, pages, is_read: false };
    };
    let mut into = read.stdin.take().expect("it reads from us");
    let writing = std::thread::spawn(move || into.write_all(&pdf));
    let read = read.wait_with_output().expect("pdftotext comes to its end");
    writing.join().expect("no panic").expect("pdftotext takes all of it");
    assert!(read.status.success(), "pdftotext reads the PDF");
    let text = plain(&String::from_utf8_lossy(&read.stdout));
    Paper { text: text.split_whitespace().collect::<Vec<_>>().join(" "), pages, is_read: true }
}

/// What a report says below its head, in which stand who made it and when, and whether the present state is another.
async fn figures(browser: &Browser) -> String {
    let text = browser.text().await;
    let from = text.find("Activités prévues et exécutées").expect("a report begins with activities");
    text[from..].to_owned()
}
