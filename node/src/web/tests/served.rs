//! The API over a real socket.

use futures::StreamExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use super::*;

#[tokio::test]
async fn a_server_answers_compresses_and_ends_when_told() {
    let office = Office::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async { drop(stopped.await) };
    let server = tokio::spawn(serve(listener, office.router.clone(), shutdown));
    let client = reqwest::Client::new();
    let made = client.post(format!("{base}/api/v1/records")).bearer_auth(&office.token);
    let made = made
        .json(&json!({"kind": "conflict", "title": "Puits", "narrative": "eau ".repeat(500)}))
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 201);
    let location = made.headers()["location"].to_str().unwrap().to_owned();
    let shown = client.get(format!("{base}{location}")).bearer_auth(&office.token);
    let plain = shown.try_clone().unwrap().send().await.unwrap();
    let narrow = shown.header("Accept-Encoding", "gzip").send().await.unwrap();
    assert_eq!(narrow.headers()["content-encoding"], "gzip");
    let (plain, narrow) = (plain.bytes().await.unwrap(), narrow.bytes().await.unwrap());
    assert!(narrow.len() * 3 < plain.len(), "{} of {}", narrow.len(), plain.len());
    assert_eq!(client.get(format!("{base}/api/v1/status")).send().await.unwrap().status(), 401);

    // An event stream does not keep the server from ending, and ends with it.
    let events = client.get(format!("{base}/api/v1/events")).bearer_auth(&office.token).send().await.unwrap();
    assert_eq!(events.status(), 200);
    let mut events = events.bytes_stream();
    stop.send(()).unwrap();
    tokio::time::timeout(GRACE, server).await.expect("the server ends at once").unwrap().unwrap();
    while let Some(chunk) = events.next().await {
        chunk.expect("the stream ends in good order");
    }
}

#[tokio::test]
async fn what_is_no_http_ends_the_connection_and_nothing_else() {
    let office = Office::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, office.router.clone(), std::future::pending()));
    let flood = [b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\nX: ".as_slice(), &[b'a'; 2 << 20]].concat();
    for bytes in [b"\x16\x03\x01\x02\x00\x01\x00".as_slice(), b"\r\n\r\n\r\n\r\nx y z\r\n\r\n", &flood] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The server may have closed before all of it was taken.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "the connection ends");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let alive = reqwest::get(format!("http://{address}/api/v1/openapi.json")).await.unwrap();
    assert_eq!(alive.status(), 200);
    server.abort();
}
