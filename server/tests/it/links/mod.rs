//! The link protocol, black box: a suite that knows a gateway by its address, a way to mint links, and what the store knows
//! of them afterwards. It is run here against the embedded gateway and against the Worker.

pub mod claims;
pub mod embedded;
mod flat;
mod storage;
pub mod streams;
mod worker;

use std::{future::Future, net::IpAddr};

use reqwest::{Client, Response, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
};

/// A minted link.
#[derive(Debug, Clone)]
pub struct Link {
    /// What Download leads to.
    pub url: String,
    /// For [`Gateway`]'s questions.
    pub purchase: i64,
    /// What a press gave the link for.
    pub content: std::sync::Arc<Vec<u8>>,
}

/// A gateway with the store behind it.
pub trait Gateway: Sync {
    /// Presses Download for a new purchase of a file with this content.
    fn mint(&self, content: Vec<u8>) -> impl Future<Output = Link> + Send;
    /// Presses Download again.
    fn press(&self, link: &Link) -> impl Future<Output = Link> + Send;
    /// How many attempts of the purchase are used, once the store has heard of all that happened.
    fn used(&self, link: &Link) -> impl Future<Output = i64> + Send;
    /// The kinds of the purchase's events, in order.
    fn events(&self, link: &Link) -> impl Future<Output = Vec<String>> + Send;
    /// Pays the purchase back.
    fn revoke(&self, link: &Link) -> impl Future<Output = ()> + Send;
    /// Lets so many milliseconds pass.
    fn pass(&self, milliseconds: i64) -> impl Future<Output = ()> + Send;
}

/// A browser: its cookies and the address it comes from.
pub struct Browser {
    http: Client,
    cookies: std::sync::Mutex<Vec<(String, String)>>,
}

impl Browser {
    pub fn new() -> Self {
        Self::from(1)
    }

    /// From 127.0.0.`last`, all of which is this machine.
    pub fn from(last: u8) -> Self {
        // A new connection for each request. One that is used again may be closed by the gateway just then (workerd does after five
        // seconds, which a busy disk can hold it up for): a real browser tries anew, and this one has no need to.
        let http = crate::world::client_builder(IpAddr::from([127, 0, 0, last])).pool_max_idle_per_host(0).build().unwrap();
        Self { http, cookies: std::sync::Mutex::default() }
    }

    /// The same browser on another network.
    pub fn moved_to(&self, last: u8) -> Self {
        let moved = Self::from(last);
        moved.cookies.lock().unwrap().clone_from(&self.cookies.lock().unwrap());
        moved
    }

    pub async fn send(&self, method: &str, url: &str, headers: &[(&str, &str)]) -> Response {
        let cookies = self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut request = self.http.request(method.parse().unwrap(), url);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            let mut kept = self.cookies.lock().unwrap();
            kept.retain(|(known, _)| known != name);
            kept.push((name.to_owned(), value.to_owned()));
        }
        answer
    }

    pub async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Response {
        self.send("GET", url, headers).await
    }

    /// Reads so many bytes of a range over a line on which little is on its way at a time, as over a slow one, and hangs up.
    /// Gives the status line and the bytes.
    pub async fn slow_line(&self, url: &str, range: &str, wanted: usize) -> (String, Vec<u8>) {
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        // Packets of a real network's size: by the loopback's 64 KiB ones a sender's kernel would judge to hold megabytes.
        socket2::SockRef::from(&socket).set_tcp_mss(1400).unwrap();
        let mut line = socket.connect(host.parse().unwrap()).await.unwrap();
        let cookies = self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        line.write_all(format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookies}\r\nrange: {range}\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let (mut received, mut buffer, mut head) = (Vec::new(), vec![0; 8 * 1024], None);
        while head.is_none_or(|length| received.len() < length + wanted) {
            let read = line.read(&mut buffer).await.unwrap();
            assert!(read > 0, "the line was cut: {}", String::from_utf8_lossy(&received[..received.len().min(500)]));
            received.extend_from_slice(&buffer[..read]);
            head = head.or_else(|| Some(received.windows(4).position(|window| window == b"\r\n\r\n")? + 4));
            if head.is_some() && !received.starts_with(b"HTTP/1.1 206") {
                break;
            }
        }
        let status = String::from_utf8_lossy(received.split(|byte| *byte == b'\r').next().unwrap()).into_owned();
        let body = received.split_off(head.unwrap_or_default());
        (status, body.into_iter().take(wanted).collect())
    }

    /// Presses the ticket's button, and gives the file's address.
    pub async fn claim(&self, link: &Link) -> String {
        let answer = self.send("POST", &link.url, &[]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "the link is claimed");
        file_address(&link.url, &answer)
    }
}

/// Where a claim leads, as a whole address.
pub fn file_address(url: &str, answer: &Response) -> String {
    let location = answer.headers()["location"].to_str().unwrap();
    assert!(location.starts_with("/f/"), "a claim leads to the gateway's own address, never to the storage's: {location}");
    format!("{}{location}", &url[..url.find("/d/").unwrap()])
}
