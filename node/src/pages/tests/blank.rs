//! Forms on paper hold what the forms on the screen hold.

use std::collections::BTreeSet;

use super::{national::plain, *};

/// The labels of the inputs of a form on the screen.
fn labels(form: &Answer) -> BTreeSet<String> {
    let form = form.text.split("<form class=\"record\"").nth(1).unwrap().split("</form>").next().unwrap();
    let of = |tag: &str, end: &str| -> Vec<String> {
        let starts = form.split(tag).skip(1);
        starts.map(|rest| plain(&rest[rest.find('>').unwrap() + 1..rest.find(end).unwrap()])).collect()
    };
    let labels = of("<label for", "</label>").into_iter().chain(of("<legend", "</legend>"));
    let unseen = |label: &String| label.contains(" : ") || label.starts_with("Motif");
    labels.map(|label| label.replace("(un par ligne)", "").trim().to_owned()).filter(|label| !unseen(label)).collect()
}

#[tokio::test]
async fn every_field_of_the_screen_is_on_paper() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    for kinds in ["conflicts", "consultations", "projects"] {
        let list = officer.get(&format!("/{kinds}")).await;
        list.says(&format!("href=\"/{kinds}/blank\">Formulaires vierges à imprimer"));
        let paper = officer.get(&format!("/{kinds}/blank")).await;
        assert_eq!(paper.status, 200, "{kinds}");
        let text = plain(&paper.text);
        let asked = labels(&officer.get(&format!("/{kinds}/new")).await);
        assert!(asked.len() > 15, "{asked:?}");
        for label in asked {
            assert!(text.contains(&label), "{kinds}: not on paper: {label}");
        }
        paper.says("<body class=\"blank\">");
        paper.does_not_say("<input");
        // Of every list that it names there is a form.
        let lists: Vec<&str> = paper.text.split(&format!("href=\"/{kinds}/blank/")).skip(1).collect();
        assert!(!lists.is_empty());
        for list in lists {
            let list = list.split('"').next().unwrap();
            let paper = officer.get(&format!("/{kinds}/blank/{list}")).await;
            assert_eq!(paper.status, 200, "{list}");
            for said in ["Référence du document papier", "Original signé conservé à", "Bureau"] {
                paper.says(said);
            }
        }
    }
    let page = officer.conflict(&[("title", "Un")]).await;
    for list in ["incidents", "alerts", "mediation_meetings", "decisions", "agreements", "parties"] {
        let asked = labels(&officer.get(&format!("{page}/edit/{list}/new")).await);
        let text = plain(&officer.get(&format!("/conflicts/blank/{list}")).await.text);
        for label in asked {
            assert!(text.contains(&label), "{list}: not on paper: {label}");
        }
    }
    office.app.stop().await;
}

#[tokio::test]
async fn a_blank_incident_has_boxes_lines_and_the_reminder_beneath() {
    let office = Office::new().await;
    let reader = office.sign_in("Moussa").await;
    let paper = reader.get("/conflicts/blank/incidents").await;
    let text = plain(&paper.text);
    for said in [
        "Formulaire : un incident",
        "☐ Vol de bétail",
        "☐ Rumeur",
        "☐ jour connu",
        "☐ Village, fraction ou campement",
        "N'écrivez ni nom ni téléphone",
        "Conflit communautaire",
    ] {
        assert!(text.contains(said), "not said: {said}\n{text}");
    }
    let alert = plain(&reader.get("/conflicts/blank/alerts").await.text);
    assert!(alert.contains("Réponses") && alert.contains("Ce qui a été fait"), "{alert}");
    office.app.stop().await;
}

#[tokio::test]
async fn there_is_no_paper_for_what_is_no_list() {
    let office = Office::new().await;
    let reader = office.sign_in("Moussa").await;
    for path in [
        "/conflicts/blank/wells",
        "/conflicts/blank/links",
        "/conflicts/blank/title",
        "/conflicts/blank/resource_persons",
        "/conflicts/blank/%3Cscript%3E",
        "/projects/blank/evaluations",
        "/projects/blank/incidents",
        "/wells/blank",
        "/conflicts/blank/incidents/new",
    ] {
        let answer = reader.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        answer.does_not_say("<script>");
    }
    let nobody = office.ask(Request::get("/conflicts/blank").body(Body::empty()).unwrap()).await;
    assert_eq!(nobody.status, 303);
    office.app.stop().await;
}
