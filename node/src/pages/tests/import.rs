//! A file comes in: shown as it was understood, imported as it was shown, and never twice.

use std::fs;

use super::*;

impl Office {
    /// Waits until every stored record can be found.
    async fn complete(self) -> Office {
        while !self.app.views().is_complete() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        self
    }

    fn files_kept(&self) -> usize {
        fs::read_dir(self.app.data_dir().join("imports")).map_or(0, Iterator::count)
    }
}

impl Person<'_> {
    /// Chooses a file, as a browser sends it.
    async fn upload(&self, kinds: &str, file: &[u8]) -> Answer {
        let form = self.get(&format!("/{kinds}/import")).await;
        let csrf = form.input("csrf").unwrap_or_default();
        self.upload_with(kinds, &csrf, file).await
    }

    async fn upload_with(&self, kinds: &str, csrf: &str, file: &[u8]) -> Answer {
        let before = format!(
            "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--b\r\nContent-Disposition: form-data; \
             name=\"file\"; filename=\"registre.csv\"\r\nContent-Type: text/csv\r\n\r\n"
        );
        let body = [before.as_bytes(), file, b"\r\n--b--\r\n"].concat();
        let request = Request::post(format!("/{kinds}/import"))
            .header("Cookie", &self.cookie)
            .header("Content-Type", "multipart/form-data; boundary=b");
        self.office.ask(request.body(Body::from(body)).unwrap()).await
    }

    /// Chooses a file that is kept; the address at which it is shown, and the page.
    async fn preview(&self, kinds: &str, file: &str) -> (String, Answer) {
        let answer = self.upload(kinds, file.as_bytes()).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        let address = answer.header("location").to_owned();
        let page = self.get(&address).await;
        assert_eq!(page.status, 200, "{page:?}");
        (address, page)
    }

    async fn confirm(&self, address: &str, page: &Answer, how: &str) -> Answer {
        let answer = self.send(address, page, &[("do", how)]).await;
        assert_eq!((answer.status, answer.header("location")), (303, address), "{answer:?}");
        self.get(address).await
    }

    /// How many records a list holds.
    async fn listed(&self, kinds: &str) -> usize {
        self.get(&format!("/{kinds}")).await.text.matches("<th scope=\"row\">").count()
    }
}

fn spaced(answer: &Answer) -> String {
    answer.text.replace(['\u{a0}', '\u{202f}'], " ").replace("&quot;", "\"")
}

const TWO: &str = "Intitulé;Région;Phase;Date de début;Description\r\n\
    Puits de Tin-Essako;Kidal;Ouvert;11/2009;Deux fractions\r\n\
    Pâturage du Gourma;Gao | Tombouctou;Trêve;2010;\r\n";

#[tokio::test]
async fn a_file_is_shown_then_imported_and_adds_nothing_a_second_time() {
    let office = Office::new().await.complete().await;
    let officer = office.sign_in("Aïssata").await;
    officer.get("/conflicts").await.says("href=\"/conflicts/import\"");
    let (address, page) = officer.preview("conflicts", TWO).await;
    let text = spaced(&page);
    for said in [
        "registre.csv",
        "Lu en UTF-8, cellules séparées par des points-virgules, titres à la ligne 1",
        "2 fiches nouvelles",
        "Ligne 2 – Puits de Tin-Essako",
        "novembre 2009",
        "Trêve",
        "Importer 2 fiches",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("csv:"), "{text}");
    assert_eq!((officer.listed("conflicts").await, office.files_kept()), (0, 1));
    let done = officer.confirm(&address, &page, "import").await;
    assert!(spaced(&done).contains("2 fiches importées."), "{done:?}");
    done.says("href=\"/conflicts\"");
    assert_eq!((officer.listed("conflicts").await, office.files_kept()), (2, 0));
    // The page of what was done does nothing when it is sent again.
    let again = officer.send(&address, &page, &[("do", "import")]).await;
    assert_eq!(again.status, 303);
    let (address, page) = officer.preview("conflicts", &format!("{TWO}Un autre;Mopti;;;\r\n")).await;
    let text = spaced(&page);
    assert!(text.contains("1 fiche nouvelle") && text.contains("2 fiches sont déjà là"), "{text}");
    let done = officer.confirm(&address, &page, "import").await;
    let text = spaced(&done);
    assert!(text.contains("1 fiche importée.") && text.contains("2 des 3 fiches étaient déjà là."), "{text}");
    assert_eq!(officer.listed("conflicts").await, 3);
    let list = officer.get("/conflicts?text=Gourma").await.text;
    let at = list.find("<th scope=\"row\"><a href=\"").unwrap() + 25;
    let record = officer.get(&format!("{}/history", &list[at..at + list[at..].find('"').unwrap()])).await;
    record.says("Aïssata");
    record.says("Import d'un fichier CSV");
    office.app.stop().await;
}

#[tokio::test]
async fn one_faulty_row_holds_everything_back_until_somebody_says_otherwise() {
    let office = Office::new().await.complete().await;
    let officer = office.sign_in("Aïssata").await;
    let file = format!("{TWO}Troisième;<b>Nulle part</b>;;hier;\r\n").replace("Description", "Couleur");
    assert!(file.contains("Deux fractions"), "the column that is not known holds something");
    let (address, page) = officer.preview("conflicts", &file).await;
    let text = spaced(&page);
    for said in [
        "1 ligne est à corriger",
        "2 erreurs",
        "ligne 4, colonne Régions concernées : « &lt;b&gt;Nulle part&lt;/b&gt; » n'est pas une région connue ; écrivez par exemple",
        "ligne 4, colonne Date de début : « hier » n'est pas une date",
        "Importer les 2 lignes sans erreur, laisser 1 ligne, sans la colonne non reconnue",
        "non reconnue, ne sera pas importée",
        "Colonnes non reconnues, qui ne seront pas importées : Couleur",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let still = officer.confirm(&address, &page, "import").await;
    assert!(spaced(&still).contains("2 erreurs"), "{still:?}");
    // Another number of good rows than was shown is another file than was seen.
    let wrong = officer.send(&address, &page, &[("do", "leave"), ("good", "3")]).await;
    assert_eq!((wrong.status, officer.listed("conflicts").await), (303, 0));
    let done = officer.confirm(&address, &page, "leave").await;
    let text = spaced(&done);
    assert!(text.contains("2 fiches importées.") && text.contains("1 ligne laissée."), "{text}");
    assert_eq!(officer.listed("conflicts").await, 2);
    office.app.stop().await;
}

#[tokio::test]
async fn what_was_imported_half_way_is_completed_and_not_doubled() {
    let office = Office::new().await.complete().await;
    let officer = office.sign_in("Aïssata").await;
    let (address, page) = officer.preview("conflicts", TWO.rsplit_once("Pâturage").unwrap().0).await;
    officer.confirm(&address, &page, "import").await;
    let (address, page) = officer.preview("conflicts", TWO).await;
    let done = officer.confirm(&address, &page, "import").await;
    let text = spaced(&done);
    assert!(text.contains("1 fiche importée.") && text.contains("1 des 2 fiches était déjà là."), "{text}");
    assert_eq!(officer.listed("conflicts").await, 2);
    office.app.stop().await;
}

#[tokio::test]
async fn likely_duplicates_and_taken_references_are_pointed_out() {
    let office = Office::new().await.complete().await;
    let officer = office.sign_in("Aïssata").await;
    let there = officer.conflict(&[("title", "Le puits de Tin-Essako"), ("source_ref", "R-9")]).await;
    let file = "Intitulé;source_ref\nPUITS TIN ESSAKO;\nUn\u{a0}champ;\nLe champ, un;\nTout autre;R-9\n";
    let (address, page) = officer.preview("conflicts", file).await;
    let text = spaced(&page);
    for said in [
        format!("Ligne 2 : ressemble à <a href=\"{there}\">Le puits de Tin-Essako</a>"),
        "Ligne 4 : ressemble à la ligne 3".to_owned(),
        format!("Ligne 5 : sa référence est déjà celle de <a href=\"{there}\">"),
        "1 fiche est déjà là".to_owned(),
        "3 fiches nouvelles".to_owned(),
    ] {
        assert!(text.contains(&said), "{said}: {text}");
    }
    officer.confirm(&address, &page, "import").await;
    assert_eq!(officer.listed("conflicts").await, 4);
    let (_, page) = officer.preview("projects", "Intitulé;source_ref\nUn projet;R-9\n").await;
    let text = spaced(&page);
    assert!(text.contains("« R-9 » est déjà la référence d'une fiche parmi : Conflits communautaires"), "{text}");
    office.app.stop().await;
}

#[tokio::test]
async fn an_export_is_read_back() {
    let (from, to) = (Office::new().await.complete().await, Office::named("Mopti", None).await.complete().await);
    let officer = from.sign_in("Aïssata").await;
    let fields = [
        ("title", "=Querelle de Tin-Essako"),
        ("phase/is", "truce"),
        ("start_date", "11/2009"),
        ("narrative", "-Un récit"),
    ];
    officer.conflict(&[&fields[..], &[("regions", "ML-8"), ("place/name", "Ménaka")]].concat()).await;
    officer.conflict(&[("title", "Le puits de Tin-Aguelhaj"), ("event_count", "7")]).await;
    let file = from.sign_in("Fatoumata").await.get("/conflicts/export.csv?complete=1").await.text;
    // Where its records are, they are known again.
    let (_, page) = officer.preview("conflicts", &file).await;
    let text = spaced(&page);
    assert!(text.contains("Ce fichier vient d'un export de Toguna"), "{text}");
    assert!(text.contains("0 fiche nouvelle") && text.contains("1 fiche est déjà là"), "{text}");
    assert!(text.contains("colonne Intitulé : l'export a réservé l'intitulé"), "{text}");
    let elsewhere = to.sign_in("Aïssata").await;
    for (new, here) in [(1, 0), (0, 1)] {
        let (address, page) = elsewhere.preview("conflicts", &file).await;
        let text = spaced(&page);
        assert!(text.contains(&format!("{new} fiche nouvelle")), "{text}");
        assert_eq!(text.contains("1 fiche est déjà là"), here == 1, "{text}");
        assert!(text.contains("réservée") || text.contains("réservées"), "{text}");
        if new == 1 {
            for said in ["=Querelle de Tin-Essako", "Trêve", "novembre 2009", "Kidal", "-Un récit", "Ménaka"] {
                assert!(text.contains(said), "{said}: {text}");
            }
            elsewhere.confirm(&address, &page, "leave").await;
        }
    }
    assert_eq!(elsewhere.listed("conflicts").await, 1);
    elsewhere.get("/conflicts").await.says("=Querelle de Tin-Essako");
    let wrong = elsewhere.preview("consultations", &file).await.1;
    assert!(spaced(&wrong).contains("cette ligne est à importer sous : Conflits communautaires"), "{wrong:?}");
    from.app.stop().await;
    to.app.stop().await;
}

#[tokio::test]
async fn only_those_who_may_write_import_and_only_what_is_their_own() {
    let office = Office::new().await.complete().await;
    let (officer, reader, head) =
        (office.sign_in("Aïssata").await, office.sign_in("Moussa").await, office.sign_in("Fatoumata").await);
    reader.get("/conflicts").await.does_not_say("/conflicts/import");
    let (address, page) = officer.preview("conflicts", TWO).await;
    for path in ["/conflicts/import", &address] {
        assert_eq!(reader.get(path).await.status, 403, "{path}");
    }
    assert_eq!(reader.upload_with("conflicts", "x", TWO.as_bytes()).await.status, 403);
    let not_mine = head.get(&address).await;
    assert_eq!(not_mine.status, 404);
    not_mine.does_not_say("Tin-Essako");
    not_mine.says("Ce fichier n'est plus gardé ici");
    assert_eq!(office.post(&address, &head.cookie, &[("do", "import"), ("good", "2")]).await.status, 403);
    assert_eq!(officer.upload_with("conflicts", "wrong", TWO.as_bytes()).await.status, 403);
    assert_eq!(officer.get(&address.replace("conflicts", "projects")).await.status, 404);
    assert_eq!(office.get_anonymous(&address).await, 303);
    let dropped = officer.send(&address, &page, &[("do", "drop")]).await;
    assert_eq!((dropped.status, dropped.header("location")), (303, "/conflicts/import"));
    assert_eq!((officer.get(&address).await.status, office.files_kept()), (404, 0));
    assert_eq!(officer.listed("conflicts").await, 0);
    office.app.stop().await;
}

impl Office {
    async fn get_anonymous(&self, path: &str) -> u16 {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await.status
    }
}

#[tokio::test]
async fn what_is_no_table_is_refused_with_what_to_do_and_nothing_is_kept() {
    let office = Office::new().await.complete().await;
    let officer = office.sign_in("Aïssata").await;
    let large = vec![b'a'; crate::exchange::sheet::MAX_FILE + 1];
    let table: [(&[u8], &str); 6] = [
        (b"PK\x03\x04whatever", "enregistrez-le en CSV"),
        (b"", "Le fichier est vide"),
        (b"Intitul\xe9;Phase\r\n", "il n'y a rien"),
        (b"Ville;Couleur\nGao;bleu\n", "Ville · Couleur"),
        (b"a\0b", "n'est pas du texte"),
        (&large, "Divisez-le"),
    ];
    for (file, said) in table {
        let answer = officer.upload("conflicts", file).await;
        assert_eq!(answer.status, 422, "{answer:?}");
        answer.says(said);
        assert_eq!(office.files_kept(), 0, "{said}");
    }
    let template = officer.get("/conflicts/import/template.csv").await;
    template.says("Intitulé");
    assert_eq!(template.header("content-disposition"), "attachment; filename=\"conflicts-import.csv\"");
    assert_eq!(officer.upload("conflicts", template.text.as_bytes()).await.status, 422);
    office.app.stop().await;
}
