//! A place is chosen by a click on the map, and nothing that was typed is lost on the way.

use super::{map::BaseMap, national::plain, *};

/// The pixel of the image at which a place stands.
fn pixel(region: Option<&str>, lat: f64, lon: f64) -> (String, String) {
    let base = BaseMap::of(&PACK);
    let ((lat0, lon0), (lat1, lon1)) = (base.chosen(region, 0.0, 0.0), base.chosen(region, 1.0, 1.0));
    let (x, y) = ((lon - lon0) / (lon1 - lon0), (lat - lat0) / (lat1 - lat0));
    (x.round().to_string(), y.round().to_string())
}

const KIDAL: (f64, f64) = (18.44111, 1.40778);

#[tokio::test]
async fn a_click_on_kidal_comes_back_into_the_form_with_all_that_was_typed() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let page = officer.conflict(&[("title", "Puits de Tin-Essako"), ("regions", "ML-8")]).await;
    let add = format!("{page}/edit/incidents/new");
    let name = "incidents/new/place";
    let form = officer.get(&add).await;
    form.says(&format!("<button class=\"pick\" name=\"pick\" value=\"{name}\" formnovalidate>Choisir sur la carte"));
    let typed = [
        ("incidents/new/date", "le 22"),
        ("incidents/new/text", "Trente têtes,\n« retrouvées » & <b>"),
        ("incidents/new/place/name", "Puits de l'oued"),
        ("incidents/new/known", "rumour"),
    ];
    let country = officer.fill(&add, &[&typed[..], &[("pick", name)]].concat()).await;
    assert_eq!(country.status, 200);
    country.says("Cliquez dans la région");
    country.says("type=\"image\" name=\"wide\" src=\"/places/map.svg\"");
    let at = |(x, y): (String, String)| [("wide.x".to_owned(), x), ("wide.y".to_owned(), y)];
    let click = async |shown: &Answer, pixel: (String, String)| {
        let [x, y] = at(pixel);
        officer.send(&add, shown, &[(&*x.0, &*x.1), (&*y.0, &*y.1)]).await
    };
    let region = click(&country, pixel(None, KIDAL.0, KIDAL.1)).await;
    region.says("Kidal\u{a0}: cliquez le lieu");
    region.says("src=\"/places/map.svg?region=ML-8\"");
    let how = click(&region, pixel(Some("ML-8"), KIDAL.0 + 0.05, KIDAL.1)).await;
    let text = plain(&how.text);
    assert!(
        text.contains("latitude 18,4") && text.contains("longitude 1,4") && text.contains("région Kidal"),
        "{text}"
    );
    assert!(text.contains("Kidal, à 5,") || text.contains("Kidal, à 6,"), "{text}");
    // As the point that was clicked: the name that was typed stays.
    let back = officer.send(&add, &how, &[("chosen", "exact")]).await;
    back.says("Le lieu est repris dans le formulaire");
    for (name, value) in typed {
        assert_eq!(back.input(name).as_deref(), Some(value), "{name}");
    }
    let degrees = |name: &str| back.input(&format!("incidents/new/place/{name}")).unwrap().parse::<f64>().unwrap();
    assert!((degrees("lat") - KIDAL.0 - 0.05).abs() < 0.02 && (degrees("lon") - KIDAL.1).abs() < 0.02);
    assert_eq!(back.input("incidents/new/place/precision").as_deref(), Some("exact"));
    // As the known place, and saved.
    let back = officer.send(&add, &how, &[("chosen", "known:GN-2455290")]).await;
    assert_eq!(back.input("incidents/new/place/name").as_deref(), Some("Kidal"));
    let saved = officer.send(&add, &back, &[("incidents/new/date", "22/11/2026")]).await;
    assert_eq!(saved.status, 303, "{saved:?}");
    let shown = plain(&officer.get(&page).await.text);
    assert!(shown.contains("Kidal, Village, fraction ou campement") && shown.contains("retrouvées"), "{shown}");
    // Nobody's draft is left of it.
    officer.get(&add).await.does_not_say("?draft=");
    office.app.stop().await;
}

#[tokio::test]
async fn what_is_no_place_in_the_country_says_so_and_keeps_the_form() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let new = "/conflicts/new";
    let country = officer.fill(new, &[("title", "Un puits"), ("pick", "place")]).await;
    let outside = [
        pixel(None, 24.5, -11.5),
        ("9999".into(), "1".into()),
        ("-3".into(), "NaN".into()),
        ("0".into(), "0".into()),
        ("<b>".into(), "1e999".into()),
    ];
    for (x, y) in outside {
        let shown = officer.send(new, &country, &[("wide.x", &x), ("wide.y", &y)]).await;
        assert_eq!(shown.status, 200, "{x} {y}");
        shown.says("Ce point est hors du pays");
        assert_eq!(shown.input("title").as_deref(), Some("Un puits"), "{x} {y}");
    }
    // Coordinates that no page of ours has sent.
    for (lat, lon) in [("91", "1"), ("0", "0"), ("NaN", "1"), ("x", "y"), ("1e400", "-1e400")] {
        let sent = [("chosen", "exact"), ("at-lat", lat), ("at-lon", lon)];
        officer.send(new, &country, &sent).await.says("Ce point est hors du pays");
    }
    officer
        .send(new, &country, &[("chosen", "country"), ("at-lat", "18.4"), ("at-lon", "1.4")])
        .await
        .says("hors du pays");
    let known = officer.send(new, &country, &[("take", "1"), ("known", "GN-0"), ("zoomed", "ML-8")]).await;
    assert_eq!(known.input("place/name").as_deref(), Some(""), "an unknown place changes nothing");
    officer.send(new, &country, &[("region", "nowhere")]).await.says("Cliquez dans la région");
    for name in ["", "title", "incidents/new/place", "../place"] {
        let refused = officer.fill(new, &[("title", "x"), ("pick", name)]).await;
        assert_eq!(refused.status, 403, "{name}");
    }
    // Back without a place, with what was typed.
    let back = officer.send(new, &country, &[("back", "1")]).await;
    assert_eq!((back.input("title").as_deref(), back.input("place/lat").as_deref()), (Some("Un puits"), Some("")));
    back.does_not_say("Le lieu est repris");
    office.app.stop().await;
}

#[tokio::test]
async fn a_record_that_is_there_keeps_its_version_over_the_map() {
    let office = Office::new().await;
    let officer = office.sign_in("Aïssata").await;
    let page = officer.conflict(&[("title", "Un"), ("phase/is", "open")]).await;
    let edit = format!("{page}/edit");
    let country = officer.fill(&edit, &[("title", "Trois"), ("pick", "place")]).await;
    // Without a pointer: the region's button, then a place by its name.
    let region = officer.send(&edit, &country, &[("region", "ML-8")]).await;
    region.says("<option value=\"GN-2455290\">Kidal</option>");
    assert_eq!(officer.fill(&edit, &[("title", "Deux")]).await.status, 303);
    let back = officer.send(&edit, &region, &[("take", "1"), ("known", "GN-2455290")]).await;
    assert_eq!(back.input("place/name").as_deref(), Some("Kidal"));
    // Somebody else has changed the title meanwhile.
    let clash = officer.send(&edit, &back, &[]).await;
    assert_eq!(clash.status, 200);
    clash.says("1 champ a été modifié entre-temps");
    office.app.stop().await;
}

#[tokio::test]
async fn the_image_is_for_those_who_have_signed_in_and_a_reader_chooses_nothing() {
    let office = Office::new().await;
    let nobody = office.ask(Request::get("/places/map.svg").body(Body::empty()).unwrap()).await;
    assert_eq!(nobody.status, 303);
    let reader = office.sign_in("Moussa").await;
    for path in ["/places/map.svg", "/places/map.svg?region=ML-8", "/places/map.svg?region=%3Cscript%3E"] {
        let image = reader.get(path).await;
        assert_eq!((image.status, image.header("content-type")), (200, "image/svg+xml"), "{path}");
        image.does_not_say("script");
    }
    let page = office.sign_in("Aïssata").await.conflict(&[("title", "Un")]).await;
    let refused = office.post(&format!("{page}/edit"), &reader.cookie, &[("pick", "place")]).await;
    assert_eq!(refused.status, 403);
    office.app.stop().await;
}
