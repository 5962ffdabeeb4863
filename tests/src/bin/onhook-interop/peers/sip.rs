//! sipp and sipsak, which notify the phone.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use onhook_tests::{Agent, Ended, Peer as Running, Reply, Site, profile, until};

use super::{Peer, Rights};
use crate::case::{check, text};
use crate::group::Group;
use crate::stage::{Serving, Stage, free_port, free_udp_port};
use crate::tools::Tools;

pub(crate) const SIPP: Peer = Peer {
    name: "sipp",
    program: "sipp",
    version: &["-v"],
    rights: Rights::Anyone,
    start,
    cases: &[&[
        check("each event with Digest over UDP", |stage, _| {
            events(stage, &Sipp("u1"), Login::Right)
        }),
        check("each event with Digest over TCP", |stage, _| {
            events(stage, &Sipp("t1"), Login::Right)
        }),
        check("each event without Digest", |stage, _| {
            events(stage, &Sipp("u1"), Login::None)
        }),
        check("a wrong password does nothing", |stage, _| {
            wrong(stage, &Sipp("u1"))
        }),
        check(
            "an event that the phone does not know is 489",
            |stage, _| unknown(stage, &Sipp("u1")),
        ),
    ]],
};

pub(crate) const SIPSAK: Peer = Peer {
    name: "sipsak",
    program: "sipsak",
    version: &["-V"],
    rights: Rights::Anyone,
    start,
    cases: &[&[
        check("each event with Digest", |stage, _| {
            events(stage, &Sipsak, Login::Right)
        }),
        check("each event without Digest", |stage, _| {
            events(stage, &Sipsak, Login::None)
        }),
        check("a wrong password does nothing", |stage, _| {
            wrong(stage, &Sipsak)
        }),
        check(
            "an event that the phone does not know is 489",
            |stage, _| unknown(stage, &Sipsak),
        ),
    ]],
};

const USER: &str = "4081001141";
const PASSWORD: &str = "s3cret";
/// Longest run of a notifier.
const LONGEST: Duration = Duration::from_secs(20);
/// An object that asks for a resync.
const OBJECT: &str = "<CiscoIPPhoneExecute><ExecuteItem URL=\"Resync:\"/></CiscoIPPhoneExecute>";

/// Whether the phone wants a login, and gets the right one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Login {
    Right,
    Wrong,
    None,
}

/// A program that sends one NOTIFY.
trait Notifier {
    /// The command that notifies this phone.
    fn command(
        &self,
        stage: &Stage,
        at: &str,
        event: &str,
        login: Login,
    ) -> anyhow::Result<Command>;
}

/// A phone that listens, and the server of its profiles.
struct Phone {
    agent: Agent,
    site: Site,
    running: Running,
    at: String,
}

/// The notifier is started by each case; this only shows that it can be.
fn start(_stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    Ok(Serving {
        group: Group::start(Command::new(program).arg("-h"))?,
        addresses: Vec::new(),
    })
}

fn phone(login: Login) -> anyhow::Result<Phone> {
    let (agent, site) = (Agent::new()?, Site::start()?);
    for path in ["/report", "/problem"] {
        site.put(path, Reply::Body(b"thanks".to_vec()));
    }
    for path in ["/p.xml", "/one.xml"] {
        site.put(path, Reply::Body(profile([("GPP_A", path)]).into()));
    }
    agent.configure(
        "[sip]\nlisten = \"127.0.0.1:0\"\n[security]\nnotify_profile_needs_auth = false\n",
    )?;
    let challenges = if login == Login::None { "No" } else { "Yes" };
    for (name, value) in [
        ("Profile_Rule", site.url("/p.xml").as_str()),
        ("Resync_Random_Delay", "0"),
        ("User_ID_1_", USER),
        ("Password_1_", PASSWORD),
        ("Auth_Resync-Reboot_1_", challenges),
    ] {
        let ended = agent.run(&["params", "set", name, value])?;
        ensure!(ended.code == Some(0), "{ended:?}");
    }
    let running = agent.boot()?;
    let status = agent.status()?;
    let at = text(&status, "/listen/sip").to_owned();
    ensure!(!at.is_empty(), "the phone listens nowhere: {status:#}");
    let phone = Phone {
        agent,
        site,
        running,
        at,
    };
    phone.asked(&["/p.xml"])?;
    Ok(phone)
}

impl Phone {
    /// Waits until exactly these have been asked for.
    fn asked(&self, paths: &[&str]) -> anyhow::Result<()> {
        until("the requests of the phone", || {
            (self.site.asked().len() >= paths.len()).then_some(())
        })?;
        let asked: Vec<String> = self
            .site
            .asked()
            .into_iter()
            .map(|asked| asked.path)
            .collect();
        ensure!(asked == paths, "asked for {asked:?}, not {paths:?}");
        Ok(())
    }

    /// Notifies once; the notifier ends with 0 if it is content.
    fn notify(
        &self,
        stage: &Stage,
        by: &dyn Notifier,
        event: &str,
        login: Login,
    ) -> anyhow::Result<Ended> {
        let mut command = by.command(stage, &self.at, event, login)?;
        Group::start(command.current_dir(stage.home()))?.end_within(LONGEST)
    }
}

/// Each event does what it says; a new phone for each, so that none waits for another.
fn events(stage: &Stage, by: &dyn Notifier, login: Login) -> anyhow::Result<()> {
    for (event, path) in [
        ("resync", Some("/p.xml")),
        ("resync;profile=", Some("/one.xml")),
        ("reboot_now", Some("/p.xml")),
        ("restart_now", None),
        ("XML-service", Some("/p.xml")),
        ("report", Some("/report")),
        ("prt-gen", Some("/problem")),
    ] {
        let mut phone = phone(login)?;
        // Told to a phone that is up, and only if a report is wanted: with a rule at boot it would report by itself.
        for (name, to) in [("Report_Rule", "/report"), ("PRT_Upload_Rule", "/problem")] {
            if path != Some(to) {
                continue;
            }
            let url = phone.site.url(to);
            // What its boot brought may not be stored yet.
            until("a parameter", || {
                let ended = phone.agent.run(&["params", "set", name, &url]).ok()?;
                (ended.code == Some(0)).then_some(())
            })?;
        }
        let whole = match event.strip_suffix("profile=") {
            Some(_) => format!("{event}{}", phone.site.url("/one.xml")),
            None => event.to_owned(),
        };
        let told = phone.notify(stage, by, &whole, login)?;
        ensure!(told.code == Some(0), "{event} is not accepted: {told:?}");
        match path {
            Some(path) => phone.asked(&["/p.xml", path])?,
            None => drop(phone.running.line(|line| line.contains("\"warm\""))?),
        }
        let history = phone.agent.status()?;
        let reboots = text(&history, "/history/0/reason") == "SIP Triggered";
        ensure!(reboots == (event == "reboot_now"), "{event}: {history:#}");
    }
    Ok(())
}

fn wrong(stage: &Stage, by: &dyn Notifier) -> anyhow::Result<()> {
    let phone = phone(Login::Wrong)?;
    ensure!(
        phone.notify(stage, by, "resync", Login::Wrong)?.code != Some(0),
        "a wrong password is accepted"
    );
    // The right one is heard after it, and nothing has happened before.
    let told = phone.notify(stage, by, "reboot_now", Login::Right)?;
    ensure!(
        told.code == Some(0),
        "the right password is not accepted: {told:?}"
    );
    phone.asked(&["/p.xml", "/p.xml"])
}

fn unknown(stage: &Stage, by: &dyn Notifier) -> anyhow::Result<()> {
    let phone = phone(Login::None)?;
    ensure!(
        phone.notify(stage, by, "presence", Login::None)?.code != Some(0),
        "an unknown event is accepted"
    );
    phone.asked(&["/p.xml"])
}

fn password(login: Login) -> &'static str {
    match login {
        Login::Right | Login::None => PASSWORD,
        Login::Wrong => "guess",
    }
}

/// A NOTIFY up to its length, with lines that end as the notifier wants them.
fn notify(event: &str, (to, via): (&str, &str), number: u32, call: &str) -> String {
    format!(
        "NOTIFY {to} SIP/2.0\nVia: {via}\nFrom: <sip:server@example.invalid>;tag=1\nTo: <{to}>\nCall-ID: {call}\n\
         CSeq: {number} NOTIFY\nMax-Forwards: 70\nEvent: {event}\n"
    )
}

fn body(event: &str) -> &'static str {
    match event {
        "XML-service" => OBJECT,
        _ => "",
    }
}

/// sipp with this transport.
struct Sipp(&'static str);

impl Notifier for Sipp {
    fn command(
        &self,
        stage: &Stage,
        at: &str,
        event: &str,
        login: Login,
    ) -> anyhow::Result<Command> {
        let to = "sip:[service]@[remote_ip]:[remote_port]";
        let via = "SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport";
        let credentials = format!(
            "[authentication username={USER} password={}]\n",
            password(login)
        );
        let mut text = String::from("<?xml version=\"1.0\"?>\n<scenario name=\"notify\">\n");
        for (number, login) in [(1, ""), (2, credentials.as_str())] {
            let head = notify(event, (to, via), number, "[call_id]");
            let body = body(event);
            write!(
                text,
                "<send retrans=\"500\"><![CDATA[\n{head}{login}Content-Length: {}\n\n{body}\n]]></send>\n",
                body.len()
            )?;
            text.push_str(match number {
                1 => {
                    "<recv response=\"200\" optional=\"true\" next=\"done\"/>\n<recv response=\"401\" auth=\"true\"/>\n"
                }
                _ => "<recv response=\"200\"/>\n<label id=\"done\"/>\n</scenario>\n",
            });
        }
        let file = stage.write("notify.xml", &text)?;
        let mut command = Command::new(Tools::find("sipp").context("no sipp")?);
        command.arg(at).arg("-sf").arg(file);
        command.args([
            "-s",
            USER,
            "-i",
            "127.0.0.1",
            "-m",
            "1",
            "-nostdin",
            "-timeout",
            "10",
            "-t",
            self.0,
        ]);
        command.args(["-p", &free_port()?.to_string()]);
        Ok(command)
    }
}

/// sipsak, which sends a message from a file.
struct Sipsak;

impl Notifier for Sipsak {
    fn command(
        &self,
        stage: &Stage,
        at: &str,
        event: &str,
        login: Login,
    ) -> anyhow::Result<Command> {
        let port = free_udp_port()?;
        let to = format!("sip:{USER}@{at}");
        let via = format!("SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{port};rport");
        let head = notify(event, (&to, &via), 1, &format!("{port}@example.invalid"));
        let body = body(event);
        let whole = format!("{head}Content-Length: {}\n\n{body}", body.len());
        let file = stage.write("notify.txt", &whole.replace('\n', "\r\n"))?;
        let mut command = Command::new(Tools::find("sipsak").context("no sipsak")?);
        command.arg("-f").arg(file);
        command.args([
            "-L",
            "-i",
            "-H",
            "127.0.0.1",
            "-l",
            &port.to_string(),
            "-s",
            &to,
        ]);
        command.args(["-u", USER, "-a", password(login)]);
        Ok(command)
    }
}
