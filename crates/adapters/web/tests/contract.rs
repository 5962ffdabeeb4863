//! The pages take the contract suite of their port, over real connections.
#![cfg(test)]

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use onhook_device::{Identity, MonoTime, Now, Secret};
use onhook_phone::port::CommandSource;
use onhook_phone::report::{CaStatus, Status};
use onhook_phone::{Answer, Ask, Asked, Look};
use onhook_schedule::port::Clock;
use onhook_testkit::contract::{self, Asker, CommandSourceFixture};
use onhook_testkit::sim::{Served, Sim};
use onhook_web::{Feed, Setup, Web};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const NOW: Now = Now {
    mono: MonoTime::ZERO,
    wall: None,
};

struct Still;

impl Clock for Still {
    fn now(&self) -> Now {
        NOW
    }
}

/// A source that shows the phone by itself, and hands over everything else.
struct Shown {
    asked: mpsc::Receiver<Asked>,
    _task: JoinSet<()>,
}

#[async_trait]
impl CommandSource for Shown {
    async fn next(&mut self) -> Option<Asked> {
        self.asked.recv().await
    }
}

struct Browsing {
    at: SocketAddr,
    look: Arc<Look>,
}

#[async_trait]
impl CommandSourceFixture for Browsing {
    async fn open(&mut self) -> Box<dyn CommandSource> {
        let setup = Setup {
            listen: "127.0.0.1:0".parse().unwrap(),
            host_names: Vec::new(),
            open: false,
            identity: Identity::default(),
            clock: Arc::new(Still),
            key: Secret::from("0123456789abcdef"),
            tls: None,
        };
        let mut web = Web::bind(setup, &Feed::default()).unwrap();
        self.at = web.address();
        let (sender, asked) = mpsc::channel(1);
        let look = Arc::clone(&self.look);
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Some(asked) = web.next().await {
                if matches!(asked.ask, Ask::Look) {
                    asked.reply.answer(Answer::Look(Arc::clone(&look)));
                } else if sender.send(asked).await.is_err() {
                    return;
                }
            }
        });
        Box::new(Shown { asked, _task: task })
    }

    async fn asker(&mut self) -> Box<dyn Asker> {
        let mut browser = Browser {
            stream: BufReader::new(TcpStream::connect(self.at).await.unwrap()),
            form: String::new(),
            cookie: String::new(),
        };
        browser
            .send(b"GET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await;
        let (head, body) = browser.read().await.unwrap();
        let between = |text: &str, start: &str, end: &str| {
            let behind = text.split_once(start).unwrap().1;
            behind.split_once(end).unwrap().0.to_owned()
        };
        browser.cookie = between(&head, "set-cookie: ", ";");
        browser.form = between(&body, "name=\"token\" value=\"", "\"");
        Box::new(browser)
    }

    fn no_requests(&self) -> Vec<Vec<u8>> {
        let requests = [
            "GET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /admin/reboot HTTP/1.1\r\nHost: evil.example\r\n\r\n",
            "GET /admin/reboot HTTP/1.1\r\n\r\n",
            "PUT /admin/reboot HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /admin/resync?%5b%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /admin/reboot HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil\r\n\r\n",
            "POST /admin/voice/user HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\ntoken=abc",
            "POST /admin/voice/user HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n",
            "hello\r\n\r\n",
        ];
        let large = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
        let requests = requests.map(str::to_owned).into_iter().chain([large]);
        requests.map(String::into_bytes).collect()
    }

    fn can_ask(&self, ask: &Ask) -> bool {
        matches!(ask, Ask::Submit(_))
    }
}

struct Browser {
    stream: BufReader<TcpStream>,
    form: String,
    cookie: String,
}

impl Browser {
    /// The head and the body of the next answer; `None` if the connection ends before it.
    async fn read(&mut self) -> Option<(String, String)> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let length = head.split_once("content-length: ")?.1;
        let mut body = vec![0; length.split_once('\r')?.0.parse().unwrap()];
        self.stream.read_exact(&mut body).await.ok()?;
        Some((head, String::from_utf8(body).unwrap()))
    }
}

#[async_trait]
impl Asker for Browser {
    async fn ask(&mut self, ask: Ask) {
        let Ask::Submit(page) = ask else {
            panic!("no page asks for {ask:?}");
        };
        let value = page
            .iter()
            .find_map(|setting| setting.value)
            .unwrap()
            .replace(' ', "+");
        let body = format!("token={}&GPP_A={value}", self.form);
        let request = format!(
            "POST /admin/advanced/voice/provisioning HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\nContent-Length: {}\r\n\r\n{body}",
            self.cookie,
            body.len()
        );
        self.send(request.as_bytes()).await;
    }

    async fn send(&mut self, bytes: &[u8]) {
        // The other end may have had enough of it already.
        let _ = self.stream.write_all(bytes).await;
    }

    async fn answer(&mut self) -> Option<String> {
        let (head, body) = self.read().await?;
        (!head.starts_with("HTTP/1.1 503")).then_some(head + &body)
    }
}

#[tokio::test]
async fn the_pages_are_a_command_source() {
    let sim = Sim::new(|_, _| Served::empty());
    let status = Status {
        state: "waiting",
        prvst: 0,
        provisioned: true,
        customization: None,
        last: None,
        next: Vec::new(),
        busy_lines: Vec::new(),
        uptime_s: 100,
        external_ip: String::new(),
        client_certificate: false,
        custom_ca: CaStatus::default(),
        mobility_status: String::new(),
        mobility_user: String::new(),
        history: Vec::new(),
        stale_completions: 0,
        dropped_messages: 0,
        sip_errors: Vec::new(),
        firmware: None,
        listen: Vec::new(),
    };
    let look = Look::of(&sim.phone, &sim.shared, NOW, status).unwrap();
    let mut fixture = Browsing {
        at: "127.0.0.1:0".parse().unwrap(),
        look: Arc::new(look),
    };
    contract::command_source(&mut fixture).await;
}
