//! Phones behind a proxy, with a server of the lab behind it.

use anyhow::ensure;
use onhook_tests::{Agent, Lab, profile};

use crate::case::{ask, text};
use crate::files::Sets;
use crate::stage::{Serving, Stage};

/// The account that every proxy here knows.
pub(crate) const ACCOUNT: (&str, &str) = ("phone", "pw1");

/// A resync through the proxy over `http`, in absolute form, or over `https`, by CONNECT.
///
/// # Errors
/// It is not applied.
pub(crate) fn applied(stage: &Stage, serving: &Serving, scheme: &str) -> anyhow::Result<()> {
    let (_, password) = ACCOUNT;
    let (agent, code, document) = resync(stage, serving, scheme, password)?;
    ensure!(code == Some(0), "not applied: {document:#}");
    let mut changed = agent.changed()?;
    changed.retain(|name, _| !name.starts_with("Proxy_"));
    ensure!(
        changed == Sets::Small.content(),
        "the phone holds {changed:?}"
    );
    Ok(())
}

/// The same with a wrong password.
///
/// # Errors
/// It does not fail, or with another `$ERR`.
pub(crate) fn refused(
    stage: &Stage,
    serving: &Serving,
    scheme: &str,
    err: &str,
) -> anyhow::Result<()> {
    let (_, code, document) = resync(stage, serving, scheme, "wrong")?;
    ensure!(code == Some(1), "status {code:?}: {document:#}");
    ensure!(text(&document, "/err") == err, "not {err:?}: {document:#}");
    Ok(())
}

fn resync(
    stage: &Stage,
    serving: &Serving,
    scheme: &str,
    password: &str,
) -> anyhow::Result<(Agent, Option<i32>, serde_json::Value)> {
    let ca = stage.home().join("lab.pem");
    let ca_text = ca.display().to_string();
    let lab = Lab::start(&["--https", "127.0.0.1:0", "--tls-ca-out", &ca_text])?;
    lab.put("small.xml", profile(Sets::Small.content()))?;
    let agent = Agent::new()?;
    agent.configure(&format!("[tls]\ntrust = {ca:?}\n"))?;
    let (host, port) = serving.first()?.split_once(':').unwrap_or_default();
    for (name, value) in [
        ("Proxy_Mode", "Manual"),
        ("Proxy_Host", host),
        ("Proxy_Port", port),
        ("Proxy_Server_Requires_Authentication", "Yes"),
        ("Proxy_Username", ACCOUNT.0),
        ("Proxy_Password", password),
    ] {
        let ended = agent.run(&["params", "set", name, value])?;
        ensure!(ended.code == Some(0), "{ended:?}");
    }
    let url = format!("{scheme}://{}/small.xml", lab.address(scheme)?);
    let (code, document) = ask(&agent, &url)?;
    Ok((agent, code, document))
}
