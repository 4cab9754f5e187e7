//! Bundles through the client: files that may be far larger than memory, so they flow.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Request},
};
use futures::{Stream, StreamExt, stream::BoxStream};
use serde_json::Value;

use super::{Carrier, Client, ClientError, MAX_ANSWER, Problem, encoded, root_cause};

/// How long a bundle may take: gigabytes from a slow stick on an old laptop.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// Bytes of a file, or why they did not come.
pub type Pieces = BoxStream<'static, Result<Bytes, ClientError>>;

impl Client {
    /// Posts a JSON body to a path below `/api/v1` and gives the bytes of the answer as they come.
    pub async fn download(&self, path: &str, body: &Value) -> Result<Pieces, ClientError> {
        let body = Body::from(body.to_string());
        let (status, _, mut pieces) = self.flow(path, "application/json", body).await?;
        if status == 200 {
            return Ok(pieces);
        }
        Err(refusal(status, &whole(&mut pieces).await?))
    }

    /// Asks for a list as a file: how many records are in it, how many the rules left out, and its bytes as they come.
    pub async fn export(&self, asked: &Value) -> Result<((u64, u64), Pieces), ClientError> {
        let body = Body::from(asked.to_string());
        let (status, headers, mut pieces) = self.flow("/export", "application/json", body).await?;
        if status != 200 {
            return Err(refusal(status, &whole(&mut pieces).await?));
        }
        let count = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()?.parse().ok());
        match (count("toguna-rows"), count("toguna-left-out")) {
            (Some(rows), Some(left_out)) => Ok(((rows, left_out), pieces)),
            _ => Err(ClientError::Shape("it does not say how many records it holds".to_owned())),
        }
    }

    /// Posts bytes as they come to a path below `/api/v1`.
    pub async fn upload(
        &self,
        path: &str,
        bytes: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    ) -> Result<Value, ClientError> {
        let (status, _, mut pieces) = self.flow(path, "application/octet-stream", Body::from_stream(bytes)).await?;
        let answer = whole(&mut pieces).await?;
        match status {
            200 => serde_json::from_slice(&answer).map_err(|error| ClientError::Shape(error.to_string())),
            status => Err(refusal(status, &answer)),
        }
    }

    async fn flow(&self, path: &str, media_type: &str, body: Body) -> Result<(u16, HeaderMap, Pieces), ClientError> {
        let (path, token) = (format!("/api/v1{path}"), format!("Bearer {}", self.token.as_str()));
        let person = self.person.as_deref().map(encoded);
        match &self.carrier {
            Carrier::Http { base, client } => {
                let address = base.clone();
                let unreachable = move |error: reqwest::Error| {
                    let reason = root_cause(&error.without_url());
                    ClientError::Unreachable { address: address.clone(), reason }
                };
                let body = reqwest::Body::wrap_stream(body.into_data_stream());
                let request = client.post(format!("{base}{path}")).timeout(PATIENCE).body(body);
                let mut request = request.header("authorization", token).header("content-type", media_type);
                if let Some(person) = person {
                    request = request.header("toguna-person", person);
                }
                let response = request.send().await.map_err(&unreachable)?;
                let (status, headers) = (response.status().as_u16(), response.headers().clone());
                Ok((status, headers, response.bytes_stream().map(move |piece| piece.map_err(&unreachable)).boxed()))
            }
            other => {
                let request = Request::post(path).header("host", "127.0.0.1").header("authorization", token);
                let mut request = request.header("content-type", media_type);
                if let Some(person) = person {
                    request = request.header("toguna-person", person);
                }
                let request = request.body(body).map_err(|error| ClientError::Setup(error.to_string()))?;
                let response = other.send(request).await?;
                let (status, headers) = (response.status().as_u16(), response.headers().clone());
                let broke = |error: axum::Error| ClientError::Shape(error.to_string());
                Ok((
                    status,
                    headers,
                    response.into_body().into_data_stream().map(move |piece| piece.map_err(broke)).boxed(),
                ))
            }
        }
    }
}

async fn whole(pieces: &mut Pieces) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece?);
        if bytes.len() > MAX_ANSWER {
            return Err(ClientError::Shape("it is too long".to_owned()));
        }
    }
    Ok(bytes)
}

fn refusal(status: u16, answer: &[u8]) -> ClientError {
    let mut problem: Problem = serde_json::from_slice(answer).unwrap_or_default();
    problem.status = status;
    if problem.title.is_empty() {
        problem.title = format!("the node answered with status {status}");
    }
    ClientError::Refused(Box::new(problem))
}
