//! A real server on this host, with what it hears, in a thread of its own.

use std::collections::VecDeque;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use onhook_prov_server::{
    Access, Certificate, Config, FaultSwitch, Https, Priority, Running, Server, ServerEvent,
    SyslogMessage,
};
use onhook_system::{ControlRequest, ask};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Halt, Observation, Seen};
use crate::language::{Content, Fault, Glob, Severity};

/// Where a server listens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listen {
    /// The address, which is also what phones are told.
    pub ip: IpAddr,
    /// Ports of HTTP, HTTPS, TFTP and syslog; 0 for any.
    pub ports: [u16; 4],
}

impl Listen {
    /// Any ports of loopback.
    pub const LOCAL: Self = Self {
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        ports: [0; 4],
    };

    fn addresses(self) -> [SocketAddr; 4] {
        self.ports.map(|port| SocketAddr::new(self.ip, port))
    }
}

/// What is heard while a row runs.
pub(super) enum Came {
    /// By the server.
    Server(Box<ServerEvent>),
    /// A line on the standard output of the phone.
    Line(String),
    /// The standard output of the phone has ended, in its nth life.
    Ended(u32),
}

/// What the thread is asked for.
struct Question {
    socket: PathBuf,
    request: ControlRequest,
    reply: Sender<Result<String, String>>,
}

/// Where the server is.
struct Place {
    http: SocketAddr,
    https: SocketAddr,
    tftp: SocketAddr,
    syslog: SocketAddr,
    authority: String,
    faults: FaultSwitch,
}

/// The server; it ends when this is dropped.
pub(super) struct Site {
    root: PathBuf,
    place: Place,
    /// Faults that are on: for which paths, and their names.
    failing: Vec<(Glob, String)>,
    questions: Option<UnboundedSender<Question>>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    /// Serves a folder; what is heard goes to `tell`.
    pub(super) fn start(root: &Path, listen: Listen, tell: Sender<Came>) -> Result<Self, Halt> {
        let [http, https, tftp, syslog] = listen.addresses();
        let config = Config {
            http: Some(http),
            https: Some(Https {
                address: https,
                certificate: Certificate::Made { names: Vec::new() },
                client_ca: None,
            }),
            tftp: Some(tftp),
            syslog: Some(syslog),
            ..Config::local(root)
        };
        let (questions, asked) = unbounded_channel();
        let (ready, started) = channel();
        let thread = thread::spawn(move || serve(config, &ready, tell, asked));
        let place = started
            .recv()
            .map_err(|_| Halt::Broken("the server ended before it began".to_owned()))?
            .map_err(Halt::Broken)?;
        Ok(Self {
            root: root.to_owned(),
            place,
            failing: Vec::new(),
            questions: Some(questions),
            thread: Some(thread),
        })
    }

    /// Fills in addresses.
    pub(super) fn fill(&self, text: &str) -> String {
        let Place {
            http,
            https,
            tftp,
            authority,
            ..
        } = &self.place;
        text.replace("{http}", &format!("http://{http}"))
            .replace("{https}", &format!("https://{https}"))
            .replace("{tftp}", &format!("tftp://{tftp}"))
            .replace("{host}", &http.ip().to_string())
            .replace("{authority}", authority)
    }

    pub(super) const fn syslog(&self) -> SocketAddr {
        self.place.syslog
    }

    /// The certificate of the authority that phones have to trust, PEM.
    pub(super) fn authority(&self) -> &str {
        &self.place.authority
    }

    /// Puts a file into the folder, as a whole.
    pub(super) fn put(&self, path: &str, content: &Content) -> Result<(), Halt> {
        if content.is_records() {
            return Err(Halt::Cannot(
                "the server cannot say Content-Encoding: aes128gcm".to_owned(),
            ));
        }
        let file = self.file(path)?;
        let broken = |error| Halt::Broken(format!("cannot write {}: {error}", file.display()));
        let folder = file.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(broken)?;
        let text = self.fill(&content.text);
        let fresh = file.with_extension("fresh");
        fs::write(&fresh, content.bytes(&text)).map_err(broken)?;
        fs::rename(&fresh, &file).map_err(broken)
    }

    pub(super) fn remove(&self, path: &str) -> Result<(), Halt> {
        let file = self.file(path)?;
        fs::remove_file(&file)
            .map_err(|error| Halt::Broken(format!("cannot remove {}: {error}", file.display())))
    }

    /// Lets the server fail for some paths, in the place of what it did wrong for them before.
    pub(super) fn fail(&mut self, path: &Glob, fault: Fault) -> Result<(), Halt> {
        let cannot = || Halt::Cannot(format!("the server cannot fail with `{fault}` for {path}"));
        let words = match (fault, path.as_str()) {
            (Fault::Refused | Fault::Dns, _) => return Err(cannot()),
            (_, "*") => fault.to_string(),
            (_, path) => format!("{fault},path={path}"),
        };
        self.mend(path);
        let fault: onhook_prov_server::Fault = words.parse().map_err(|_| cannot())?;
        let name = self.place.faults.add(fault).map_err(|_| cannot())?;
        self.failing.push((path.clone(), name));
        Ok(())
    }

    /// Lets the server do right again for these paths.
    pub(super) fn mend(&mut self, path: &Glob) {
        self.failing.retain(|(failing, name)| {
            // Every name is one that the switch has given.
            failing != path || self.place.faults.off(name).is_err()
        });
    }

    fn file(&self, path: &str) -> Result<PathBuf, Halt> {
        let inside = path.strip_prefix('/').filter(|inside| {
            let mut parts = inside.split('/');
            !inside.contains(['?', '\0']) && parts.all(|part| !matches!(part, "" | "." | ".."))
        });
        match inside {
            Some(inside) => Ok(self.root.join(inside)),
            None => Err(Halt::Cannot(format!(
                "the server has no place for {path}: only paths without a query"
            ))),
        }
    }

    /// Asks a running agent something; the answer comes later.
    pub(super) fn ask(
        &self,
        socket: &Path,
        request: ControlRequest,
    ) -> Receiver<Result<String, String>> {
        let (reply, answer) = channel();
        let question = Question {
            socket: socket.to_owned(),
            request,
            reply,
        };
        if let Some(questions) = &self.questions {
            // A thread that is gone drops the question, and the answer is an error.
            let _ = questions.send(question);
        }
        answer
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.questions = None;
        if let Some(thread) = self.thread.take() {
            // It has told what it had to tell.
            let _ = thread.join();
        }
    }
}

fn serve(
    config: Config,
    ready: &Sender<Result<Place, String>>,
    tell: Sender<Came>,
    asked: UnboundedReceiver<Question>,
) {
    let runtime = Builder::new_current_thread().enable_all().build();
    let tell_broken = |why: String| {
        // Whoever started this waits for it.
        let _ = ready.send(Err(why));
    };
    match runtime {
        Err(error) => tell_broken(format!("cannot start: {error}")),
        Ok(runtime) => runtime.block_on(async {
            match Server::start(config).await {
                Err(error) => tell_broken(error.to_string()),
                Ok(running) => match place(&running) {
                    None => tell_broken("the server does not listen".to_owned()),
                    Some(place) => {
                        let _ = ready.send(Ok(place));
                        attend(running, tell, asked).await;
                    }
                },
            }
        }),
    }
}

fn place(running: &Running) -> Option<Place> {
    Some(Place {
        http: running.http_addr()?,
        https: running.https_addr()?,
        tftp: running.tftp_addr()?,
        syslog: running.syslog_addr()?,
        faults: running.faults(),
        authority: running.authority().unwrap_or_default().to_owned(),
    })
}

/// Passes on what is heard and asked until nobody asks any more.
async fn attend(mut running: Running, tell: Sender<Came>, mut asked: UnboundedReceiver<Question>) {
    let mut events = running.events();
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(event) => {
                    let _ = tell.send(Came::Server(Box::new(event)));
                }
                None => break,
            },
            question = asked.recv() => match question {
                Some(question) => {
                    tokio::spawn(answer(question));
                }
                None => break,
            },
        }
    }
    running.stop().await;
}

async fn answer(question: Question) {
    let Question {
        socket,
        request,
        reply,
    } = question;
    let answer = ask(&socket, &request).await;
    // Some do not wait for their answer.
    let _ = reply.send(answer.map_err(|error| error.to_string()));
}

/// What has been seen since a row began, and what comes.
pub(super) struct Ear {
    came: Receiver<Came>,
    start: Instant,
    start_wall: SystemTime,
    seen: VecDeque<Observation>,
}

impl Ear {
    /// The row begins now.
    pub(super) fn new(came: Receiver<Came>) -> Self {
        Self {
            came,
            start: Instant::now(),
            start_wall: SystemTime::now(),
            seen: VecDeque::new(),
        }
    }

    /// The row begins now, and not before.
    pub(super) fn begin_anew(&mut self) {
        self.start = Instant::now();
        self.start_wall = SystemTime::now();
        self.forget();
    }

    /// What has been seen and not taken counts no more.
    pub(super) fn forget(&mut self) {
        self.seen.clear();
    }

    /// Since the row began.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// A moment of the row.
    pub(super) fn moment(&self, at: Duration) -> Instant {
        self.start + at
    }

    /// Notes what is seen now.
    pub(super) fn see(&mut self, seen: Seen) {
        let at = self.elapsed();
        self.seen.push_back(Observation { at, seen });
    }

    /// What was seen first and has not been taken.
    pub(super) fn next(&mut self) -> Option<Observation> {
        self.seen.pop_front()
    }

    /// Waits for what comes, but not longer than until `end`.
    pub(super) fn wait(&self, end: Instant) -> Result<Option<Came>, Halt> {
        let wait = end.saturating_duration_since(Instant::now());
        match self.came.recv_timeout(wait) {
            Ok(came) => Ok(Some(came)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(Halt::Broken("the server is gone".to_owned()))
            }
        }
    }

    /// Notes a message.
    pub(super) fn syslog(&mut self, said: &SyslogMessage) {
        let at = self.at(said.at);
        let seen = message(&said.text, said.priority);
        self.seen.push_back(Observation { at, seen });
    }

    /// Notes a request and its answer.
    pub(super) fn request(&mut self, site: &Site, access: &Access, prvst: Option<i8>) {
        let (Some(method), Some(path)) = (access.method.clone(), path(access)) else {
            return;
        };
        let base = match (access.version, &access.tls) {
            (Some("TFTP"), _) => "{tftp}",
            (_, Some(_)) => "{https}",
            (_, None) => "{http}",
        };
        let url = site.fill(&format!("{base}{path}"));
        let how = match (access.status, &access.note) {
            (Some(200), None) | (None, None) => "a profile".to_owned(),
            (Some(status), None) => format!("status {status}"),
            (_, Some(note)) => note.to_string(),
        };
        let at = self.at(access.at);
        let seen = Seen::Request {
            url: url.clone(),
            path,
            method,
            prvst,
        };
        self.seen.push_back(Observation { at, seen });
        let at = at + access.elapsed;
        let seen = Seen::Answer { url, how };
        self.seen.push_back(Observation { at, seen });
    }

    fn at(&self, at: SystemTime) -> Duration {
        at.duration_since(self.start_wall).unwrap_or_default()
    }
}

/// Path and query of a request, with a leading `/`; `None` for what is none.
pub(super) fn path(access: &Access) -> Option<String> {
    let target = access.target.as_ref()?;
    Some(match target.starts_with('/') {
        true => target.clone(),
        false => format!("/{target}"),
    })
}

/// A message as the phone said it, without its time stamp.
fn message(text: &str, priority: Option<Priority>) -> Seen {
    const STAMP: usize = "Nov 23 00:00:00 ".len();
    let stamped = text
        .get(..STAMP)
        .is_some_and(|stamp| stamp.ends_with(' ') && stamp.matches(':').count() == 2);
    let said = match stamped {
        true => text.get(STAMP..).unwrap_or(text),
        false => text,
    };
    Seen::Syslog {
        severity: priority.and_then(|priority| match priority.severity() {
            "info" => Some(Severity::Info),
            "warning" => Some(Severity::Warning),
            "err" => Some(Severity::Error),
            _ => None,
        }),
        text: said.to_owned(),
    }
}
