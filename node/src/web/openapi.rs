//! The description of the API, generated: routes and answers from the code of the routes, records from the same
//! declarations by which they are written and read.

use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, header},
    response::IntoResponse,
};
use serde_json::{Map, Value, json};
use toguna_protocol::{
    limits::{MAX_AMOUNT, MAX_COUNT, MAX_ITEMS, MAX_LONG_TEXT, MAX_PARAGRAPH, MAX_SET, MAX_SHORT_TEXT},
    record::{
        Kind,
        schema::{Field, Shape},
    },
};
use utoipa::{
    OpenApi, PartialSchema, ToSchema,
    openapi::{RefOr, Schema, schema::OneOfBuilder},
};

use super::{bundles, check, events, export, metrics, node, problem, receipts, records, shape};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Toguna",
        description = "Consultations, community conflicts and projects of one office of the network. A success means that \
                       what was written is durable. Every other answer is a problem document (RFC 9457) that names the \
                       field at fault, never its content.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        node::status, node::peers, node::picture,
        records::list, records::create, records::show, records::patch, records::settle, records::evaluate,
        records::history, records::show_at, receipts::receipts,
        bundles::export, bundles::inspect, bundles::import, export::list, export::journal, events::events, check::check, metrics::show,
    ),
    components(schemas(problem::Problem, shape::Meta)),
    tags((name = "records", description = "Records"), (name = "bundles", description = "What is carried by hand"),
        (name = "node", description = "The node itself")),
)]
struct Described;

/// A record of any kind.
pub(super) struct AnyRecord;

impl PartialSchema for AnyRecord {
    fn schema() -> RefOr<Schema> {
        let kinds = Kind::ALL
            .into_iter()
            .fold(OneOfBuilder::new(), |any, kind| any.item(utoipa::openapi::Ref::from_schema_name(component(kind))));
        kinds.description(Some("A record; its fields depend on `kind`.")).into()
    }
}

impl ToSchema for AnyRecord {}

/// Answers that any route may give.
const COMMON: [(u16, &str); 7] = [
    (400, "A parameter, a header or the body as a whole is at fault"),
    (401, "The token is missing or wrong"),
    (413, "The body is larger than 1 MiB, or the change more than one save takes"),
    (415, "The body is not JSON"),
    (421, "The Host header does not name this node"),
    (500, "Something failed inside the node; its log says more"),
    (503, "The store could not write, or the node is stopping"),
];

/// The description.
#[utoipa::path(
    get,
    operation_id = "openapi",
    path = "/api/v1/openapi.json",
    responses((status = 200, description = "This document", body = Object)),
    security(()),
    tag = "node"
)]
pub(super) async fn show() -> impl IntoResponse {
    static TEXT: LazyLock<String> = LazyLock::new(|| document().to_string());
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], TEXT.as_str())
}

/// The whole document.
pub fn document() -> Value {
    let mut document = serde_json::to_value(Described::openapi()).expect("a description is plain data");
    let own = serde_json::to_value(Own::openapi()).expect("a description is plain data");
    merge(&mut document["paths"], own["paths"].clone());
    for kind in Kind::ALL {
        document["components"]["schemas"][component(kind)] = record_schema(kind);
    }
    document["components"]["securitySchemes"] = json!({"token": {"type": "http", "scheme": "bearer", "description": "The content of `api.token` in the data directory"}});
    document["security"] = json!([{"token": []}]);
    let operations = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in operations.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        for (status, description) in COMMON {
            let responses = &mut operation["responses"];
            if responses.get(status.to_string()).is_none() {
                let schema = json!({"$ref": "#/components/schemas/Problem"});
                responses[status.to_string()] =
                    json!({"description": description, "content": {problem::PROBLEM_JSON: {"schema": schema}}});
            }
        }
    }
    document
}

/// The route of this module, which cannot be named in the list above while that list is being made.
#[derive(OpenApi)]
#[openapi(paths(show))]
struct Own;

fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

/// The name of a kind's schema.
fn component(kind: Kind) -> &'static str {
    match kind {
        Kind::Consultation => "Consultation",
        Kind::Conflict => "Conflict",
        Kind::Project => "Project",
    }
}

fn record_schema(kind: Kind) -> Value {
    let mut properties = Map::new();
    properties.insert("id".into(), json!({"type": "string", "readOnly": true, "description": "The record's id."}));
    properties.insert("kind".into(), json!({"type": "string", "const": kind.key()}));
    properties.insert("meta".into(), json!({"allOf": [{"$ref": "#/components/schemas/Meta"}], "readOnly": true}));
    properties.extend(kind.schema().fields().filter_map(property));
    json!({"type": "object", "required": ["kind", "title"], "properties": properties})
}

fn object(fields: &[Field]) -> Map<String, Value> {
    fields.iter().filter_map(property).collect()
}

fn property(field: &Field) -> Option<(String, Value)> {
    let mut schema = shape_schema(&field.shape)?;
    schema["description"] = json!(field.doc.trim());
    Some((field.name.to_owned(), schema))
}

/// A shape in JSON Schema; `None` for what may not be written and is never read.
fn shape_schema(shape: &Shape) -> Option<Value> {
    let items = |fields: &[Field], ledger: bool| {
        let mut properties = object(fields);
        if !ledger {
            let words = "Whether the item was taken back. False restores it.";
            properties.insert("withdrawn".into(), json!({"type": "boolean", "description": words}));
        }
        let item = json!({"type": ["object", "null"], "properties": properties});
        json!({"type": "object", "maxProperties": MAX_ITEMS, "additionalProperties": item,
            "x-keys": "item id, or a name that begins with `new`"})
    };
    Some(match shape {
        Shape::Line => json!({"type": ["string", "null"], "maxLength": MAX_SHORT_TEXT}),
        Shape::Paragraph => json!({"type": ["string", "null"], "maxLength": MAX_PARAGRAPH}),
        Shape::Narrative => json!({"type": ["string", "null"], "maxLength": MAX_LONG_TEXT, "x-merged": true}),
        Shape::Date => json!({"type": ["string", "null"], "format": "edtf"}),
        Shape::Count => json!({"type": ["integer", "null"], "minimum": 0, "maximum": MAX_COUNT}),
        Shape::Amount => json!({"type": ["integer", "null"], "minimum": 0, "maximum": MAX_AMOUNT}),
        Shape::Currency => json!({"type": ["string", "null"], "pattern": "^[A-Z]{3}$"}),
        Shape::Degrees(limit) => json!({"type": ["number", "null"], "minimum": -i16::from(*limit), "maximum": limit}),
        Shape::Flag => json!({"type": ["boolean", "null"]}),
        // A newer version's keys can be read but not written, so the list is no `enum`.
        Shape::Choice(keys) => json!({"type": ["string", "null"], "examples": keys, "x-keys": keys}),
        Shape::Key(list) => json!({"type": ["string", "null"], "x-pack-list": list.key()}),
        Shape::Record => json!({"type": ["string", "null"], "pattern": "^[a-z2-7]{26}$"}),
        Shape::Item => json!({"type": ["string", "null"], "pattern": "^[a-z2-7]{10}-[0-9]+-[0-9]+$"}),
        Shape::Compound { parts, .. } => json!({"type": ["object", "null"], "properties": object(parts)}),
        Shape::Set(inner) => {
            json!({"type": "array", "items": shape_schema(inner)?, "maxItems": MAX_SET, "uniqueItems": true})
        }
        Shape::Sheet(list, inner) => {
            json!({"type": "object", "additionalProperties": shape_schema(inner)?, "x-pack-list": list.key()})
        }
        Shape::Items(fields) => items(fields, false),
        Shape::Ledger(fields) => items(fields, true),
        Shape::Sealed(inner) => {
            let mut schema = shape_schema(inner)?;
            schema["readOnly"] = json!(true);
            schema
        }
        Shape::Restricted => return None,
    })
}
