//! lighttpd, which wants Digest answers with SHA-256.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::{Context, bail, ensure};
use onhook_tests::{Agent, DEADLINE};

use super::{Peer, Rights};
use crate::case::{Case, applied, ask, check, refused, text};
use crate::files::{self, Sets};
use crate::group::Group;
use crate::stage::{Serving, Stage, await_ports, free_ports};
use crate::tools::Tools;

pub(crate) const PEER: Peer = Peer {
    name: "lighttpd",
    program: "lighttpd",
    version: &["-v"],
    rights: Rights::Anyone,
    start,
    cases: &[files::CASES, DIGEST, files::KILLED],
};

const DIGEST: &[Case] = &[
    applied(
        "Digest, SHA-256",
        "[--uid phone --pwd s3cret] {base}/sha256/small.xml",
        Sets::Small,
    ),
    refused(
        "Digest, SHA-256, wrong password",
        "[--uid phone --pwd wrong] {base}/sha256/small.xml",
        "C.auth",
        &["authentication failed"],
    ),
    refused(
        "Digest, SHA-256, nobody",
        "{base}/sha256/small.xml",
        "C.auth",
        &["authentication failed"],
    ),
    applied(
        "Digest, MD5",
        "[--uid phone --pwd s3cret] {base}/md5/small.xml",
        Sets::Small,
    ),
    // The MD5 of this account is of another password.
    applied(
        "Digest, SHA-256 of both",
        "[--uid modern --pwd s3cret] {base}/both/small.xml",
        Sets::Small,
    ),
    check("Digest, SHA-256, a nonce that is too old", old_nonce),
];

/// Accounts of the realm `phones`: MD5 or SHA-256 of account, realm and password, which is `s3cret` but for the MD5 of `modern`.
const ACCOUNTS: &str = "phone:phones:7a1975d8874b91fadec4b44662fb487c\n\
     phone:phones:e606a36136adf570f420b694a64808acbb18485a1bb35add3b28e09b5fd5ec0a\n\
     modern:phones:00000000000000000000000000000000\n\
     modern:phones:4eb0a87baeb38993bc8a57a32a46d27a4ac9f4fc2e76ba941ef319bf544b8571\n";
/// Folders that want a login, with the algorithms offered.
const FOLDERS: [(&str, &str); 3] = [
    ("md5", "MD5"),
    ("sha256", "SHA-256"),
    ("both", "MD5|SHA-256"),
];
/// A nonce of lighttpd holds for ten minutes.
const AGE: [&str; 2] = ["-f", "-15m"];

fn start(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    let (group, port) = serve(stage, Command::new(program))?;
    Ok(Serving {
        group,
        addresses: vec![("plain", format!("http://127.0.0.1:{port}"))],
    })
}

/// Starts it, by a command to which its arguments are added.
fn serve(stage: &Stage, mut command: Command) -> anyhow::Result<(Group, u16)> {
    let ports = free_ports(1)?;
    let port = ports.first().copied().unwrap_or_default();
    let www = stage.www();
    let accounts = stage.write("accounts", ACCOUNTS)?;
    let aliases = FOLDERS.map(|(name, _)| format!("\"/{name}/\" => \"{}/\"", www.display()));
    let logins = FOLDERS.map(|(name, algorithm)| {
        format!(
            "\"/{name}/\" => ( \"method\" => \"digest\", \"realm\" => \"phones\",\n\
             \"require\" => \"valid-user\", \"algorithm\" => \"{algorithm}\" )"
        )
    });
    let file = stage.write(
        &format!("lighttpd-{port}.conf"),
        &format!(
            "server.document-root = {www:?}\nserver.bind = \"127.0.0.1\"\nserver.port = {port}\n\
             server.modules = ( \"mod_alias\", \"mod_auth\", \"mod_authn_file\" )\n\
             alias.url = ( {} )\nauth.backend = \"htdigest\"\nauth.backend.htdigest.userfile = {accounts:?}\n\
             auth.require = ( {} )\n",
            aliases.join(", "),
            logins.join(", "),
        ),
    )?;
    let mut group = Group::start(command.arg("-D").arg("-f").arg(file))?;
    await_ports(&mut group, &ports)?;
    Ok((group, port))
}

/// A phone whose first challenge comes from a server whose clock is slow: the right one finds the nonce too old, and says so.
fn old_nonce(stage: &Stage, serving: &Serving) -> anyhow::Result<()> {
    let mut slow = Command::new(Tools::find("faketime").context("faketime is not installed")?);
    let program = Tools::find(PEER.program).context("no lighttpd")?;
    slow.args(AGE).arg(program);
    let (_slow, port) = serve(stage, slow)?;
    let first = SocketAddr::from(([127, 0, 0, 1], port));
    let (_, right) = serving.first()?.split_once("//").context("no URL")?;
    let right: SocketAddr = right.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let at = listener.local_addr()?;
    // The phone closes each connection: challenge, too old, answer.
    let relay = thread::spawn(move || [first, right, right].map(|server| pass(&listener, server)));
    let agent = Agent::new()?;
    let rule = format!("[--uid phone --pwd s3cret] http://{at}/sha256/small.xml");
    let (code, document) = ask(&agent, &rule)?;
    // Wakes a relay to which the phone came less often.
    drop(TcpStream::connect(at));
    let Ok([challenge, too_old, answer]) = relay.join() else {
        bail!("the relay panicked");
    };
    for (told, wanted) in [
        (challenge?, "algorithm=SHA-256"),
        (too_old?, "stale=true"),
        (answer?, "HTTP/1.1 200 OK"),
    ] {
        ensure!(told.contains(wanted), "not {wanted}: {told}");
    }
    let applied = text(&document, "/outcome") == "applied" && code == Some(0);
    ensure!(applied, "not applied: {document:#}");
    Ok(())
}

/// Passes one connection on to a server; what the server said.
fn pass(listener: &TcpListener, server: SocketAddr) -> anyhow::Result<String> {
    let (mut phone, _) = listener.accept()?;
    let mut server = TcpStream::connect(server)?;
    server.set_read_timeout(Some(DEADLINE))?;
    let (mut from, mut to) = (phone.try_clone()?, server.try_clone()?);
    let asking = thread::spawn(move || {
        io::copy(&mut from, &mut to).ok();
        to.shutdown(Shutdown::Write).ok();
    });
    let mut told = Vec::new();
    server.read_to_end(&mut told)?;
    // Somebody who only woke the relay does not listen.
    phone.write_all(&told).ok();
    phone.shutdown(Shutdown::Both).ok();
    asking.join().ok();
    Ok(String::from_utf8_lossy(&told).into_owned())
}
