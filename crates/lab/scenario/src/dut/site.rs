//! A real server on this host, with what it hears, in a thread of its own.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use onhook_prov_server::{Certificate, Config, FaultSwitch, Https, Running, Server};
use onhook_system::{ControlRequest, ask};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Halt;
use super::ear::Came;
use crate::language::{Content, Fault, Glob};

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
            heads: true,
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
            .replace("{log}", &self.place.syslog.to_string())
            .replace("{port}", &http.port().to_string())
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
        if content.load.is_some() {
            return Err(Halt::Cannot(
                "only a phone with slots of its own knows who signs loads".to_owned(),
            ));
        }
        self.put_bytes(path, &content.bytes(&self.fill(&content.text)))
    }

    /// Puts bytes into the folder, as a whole.
    pub(super) fn put_bytes(&self, path: &str, bytes: &[u8]) -> Result<(), Halt> {
        let file = self.file(path)?;
        let broken = |error| Halt::Broken(format!("cannot write {}: {error}", file.display()));
        let folder = file.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(broken)?;
        let fresh = file.with_extension("fresh");
        fs::write(&fresh, bytes).map_err(broken)?;
        fs::rename(&fresh, &file).map_err(broken)
    }

    pub(super) fn remove(&self, path: &str) -> Result<(), Halt> {
        let file = self.file(path)?;
        fs::remove_file(&file)
            .map_err(|error| Halt::Broken(format!("cannot remove {}: {error}", file.display())))
    }

    /// Lets the server fail for some paths, in the place of what it did wrong for them before.
    pub(super) fn fail(&mut self, path: &Glob, fault: &Fault) -> Result<(), Halt> {
        let cannot = || Halt::Cannot(format!("the server cannot fail with `{fault}` for {path}"));
        let words = match (fault, path.as_str()) {
            (Fault::Refused | Fault::Dns, _) => return Err(cannot()),
            (_, "*") => self.fill(&fault.to_string()),
            (_, path) => format!("{},path={path}", self.fill(&fault.to_string())),
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
