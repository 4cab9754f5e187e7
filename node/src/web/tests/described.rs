//! The description of the API against the API.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Paths and methods as the description lists them.
fn described(document: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let methods = |path: &Value| path.as_object().unwrap().keys().cloned().collect();
    document["paths"].as_object().unwrap().iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

#[tokio::test]
async fn every_route_is_described_and_every_description_has_a_route() {
    let office = Office::new().await;
    let document = office.get("/api/v1/openapi.json").await.json();
    let routes: BTreeMap<String, BTreeSet<String>> = include_str!("../../web.rs")
        .split(".route(\"")
        .skip(1)
        .map(|route| {
            let (path, rest) = route.split_once('"').unwrap();
            let line = rest.lines().next().unwrap();
            let methods = ["get", "post", "patch"].into_iter().filter(|method| line.contains(&format!("{method}(")));
            (path.to_owned(), methods.map(str::to_owned).collect())
        })
        // The same as the one below the API's root.
        .filter(|(path, _)| path != "/metrics")
        .collect();
    assert_eq!(described(&document), routes);
    for (path, methods) in &routes {
        let path = path.replace("{id}", &"a".repeat(26)).replace("{entry}", &"a".repeat(52));
        let answer = office.ask("DELETE", &path, &[], None).await;
        assert_eq!(answer.problem().1, "method", "{path}");
        let allowed = answer.header("Allow").to_lowercase();
        assert!(methods.iter().all(|method| allowed.contains(method.as_str())), "{path}: {allowed}");
    }
}

/// Every `$ref` below a value.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(array) => array.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_description_is_whole() {
    let document = openapi::document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.contains("#/components/schemas/Conflict") && found.contains("#/components/schemas/Problem"));
    for reference in found {
        let target = document.pointer(reference.strip_prefix('#').unwrap());
        assert!(target.is_some_and(Value::is_object), "{reference}");
    }
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{place}: its id is another's too");
            assert!(operation["summary"].is_string(), "{place}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{place}");
            for (status, response) in responses {
                assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{place} {status}");
                let problem = response["content"].get("application/problem+json").is_some();
                assert_eq!(problem, !status.starts_with('2'), "{place} {status}");
            }
            for name in path.split('{').skip(1).map(|part| part.split_once('}').unwrap().0) {
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(parameters.iter().any(|p| p["name"] == name && p["in"] == "path" && p["required"] == true));
            }
        }
    }
    let fields = &document["components"]["schemas"]["Conflict"]["properties"];
    assert_eq!(fields["phase"]["properties"]["is"]["x-keys"][0], "latent");
    assert_eq!(fields["incidents"]["additionalProperties"]["properties"]["deaths"]["type"], json!(["integer", "null"]));
    assert_eq!(fields["regions"]["items"]["x-pack-list"], "regions");
    assert!(fields.get("resource_persons").is_none(), "what may not be written is not described");
}
