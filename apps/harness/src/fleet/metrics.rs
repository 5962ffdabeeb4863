//! Figures of a run for Prometheus, over HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use onhook_fleet::Live;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::failure::note;

/// Longest head of a request, in bytes.
const HEAD: usize = 8 * 1024;
/// Connections at a time.
const CONNECTIONS: usize = 8;
/// Longest wait for a request, and for somebody to take the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listens, and answers in a task of its own as long as the program lives. The real address is told on standard error.
pub(super) async fn serve(address: SocketAddr, live: Live) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("--metrics: cannot listen at {address}"))?;
    let real = listener.local_addr().context("--metrics")?;
    note(&format!("metrics at http://{real}/metrics"));
    tokio::spawn(async move {
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(place) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            let Ok((stream, _)) = listener.accept().await else {
                // Out of descriptors perhaps: there will be some again.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let live = live.clone();
            tokio::spawn(async move {
                let _place = place;
                // Whoever asked may be gone.
                let _ = timeout(PATIENCE, answer(stream, &live)).await;
            });
        }
    });
    Ok(())
}

async fn answer(mut stream: TcpStream, live: &Live) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut part = [0; 1024];
        let read = stream.read(&mut part).await?;
        if read == 0 || head.len() > HEAD {
            return Ok(());
        }
        head.extend(part.iter().take(read));
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let (status, body) = match line {
        b"GET /metrics HTTP/1.1" | b"GET /metrics HTTP/1.0" => {
            ("200 OK", onhook_fleet::metrics(&live.report()))
        }
        _ if line.starts_with(b"GET ") => ("404 Not Found", "look at /metrics\n".to_owned()),
        _ => ("405 Method Not Allowed", "GET /metrics\n".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await?;
    stream.shutdown().await
}
