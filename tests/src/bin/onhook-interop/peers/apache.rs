//! Apache.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::{Peer, Rights};
use crate::case::{Case, applied, refused};
use crate::files::{self, Sets};
use crate::group::Group;
use crate::stage::{Serving, Stage, await_ports, free_ports};
use crate::uploads;

pub(crate) const PEER: Peer = Peer {
    name: "Apache",
    program: "apache2",
    version: &["-v"],
    rights: Rights::Anyone,
    start,
    cases: &[
        files::CASES,
        OWN,
        DIGEST,
        uploads::CASES,
        uploads::REFUSED,
        files::KILLED,
    ],
};

const OWN: &[Case] = &[
    applied(
        "Basic",
        "[--uid phone --pwd s3cret] {base}/basic/small.xml",
        Sets::Small,
    ),
    refused(
        "Basic, wrong password",
        "[--uid phone --pwd wrong] {base}/basic/small.xml",
        "C.auth",
        &["authentication failed"],
    ),
];

const DIGEST: &[Case] = &[
    applied(
        "Digest",
        "[--uid phone --pwd s3cret] {base}/digest/small.xml",
        Sets::Small,
    ),
    refused(
        "Digest, wrong password",
        "[--uid phone --pwd wrong] {base}/digest/small.xml",
        "C.auth",
        &["authentication failed"],
    ),
    refused(
        "Digest, nobody",
        "{base}/digest/small.xml",
        "C.auth",
        &["authentication failed"],
    ),
];

/// Where modules of Apache are on Debian.
const MODULES: &str = "/usr/lib/apache2/modules";
/// Modules with the names of their files.
const LOADED: [&str; 11] = [
    "mpm_event",
    "authn_core",
    "authn_file",
    "authz_core",
    "authz_user",
    "auth_basic",
    "auth_digest",
    "alias",
    "mime",
    "dav",
    "dav_fs",
];

/// The account `phone` with the password `s3cret`; `{SHA}` and base64 of the SHA-1 of the password.
const BASIC: &str = "phone:{SHA}/vNB+F2HQ559kaLUZbmHHvZrXpg=\n";
/// The same in the realm `phones`: MD5 of account, realm and password.
const DIGESTS: &str = "phone:phones:7a1975d8874b91fadec4b44662fb487c\n";

fn start(stage: &Stage, program: &Path) -> anyhow::Result<Serving> {
    let ports = free_ports(1)?;
    let port = ports.first().copied().unwrap_or_default();
    let (home, www, up) = (stage.home(), stage.www(), uploads::folder(stage)?);
    let run = home.join("run");
    fs::create_dir_all(&run)?;
    // The locks of WebDAV are made after it has given up its rights.
    fs::set_permissions(&run, fs::Permissions::from_mode(0o777))?;
    stage.write("basic", BASIC)?;
    stage.write("digest", DIGESTS)?;
    let modules: String = LOADED
        .iter()
        .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"))
        .collect();
    let file = stage.write(
        "apache.conf",
        &format!(
            "ServerRoot {home:?}\nDefaultRuntimeDir run\nPidFile run/apache.pid\nServerName localhost\n\
             User nobody\nGroup nogroup\nListen 127.0.0.1:{port}\n{modules}\
             TypesConfig /etc/mime.types\nErrorLog run/error.log\nDocumentRoot {www:?}\n\
             Alias /basic {www:?}\nAlias /digest {www:?}\nAlias /up {up:?}\nDavLockDB run/locks\n\
             <Directory {www:?}>\nRequire all granted\n</Directory>\n\
             <Directory {up:?}>\nDav On\nAuthType Digest\nAuthName phones\nAuthDigestDomain /up\n\
             AuthDigestAlgorithm MD5\nAuthDigestQop auth\nAuthUserFile digest\nRequire valid-user\n</Directory>\n\
             <Location /basic>\nAuthType Basic\nAuthName phones\nAuthUserFile basic\nRequire valid-user\n</Location>\n\
             <Location /digest>\nAuthType Digest\nAuthName phones\nAuthDigestDomain /digest\n\
             AuthDigestAlgorithm MD5\nAuthDigestQop auth\nAuthUserFile digest\nRequire valid-user\n</Location>\n",
        ),
    )?;
    let mut command = Command::new(program);
    command
        .arg("-d")
        .arg(home)
        .arg("-f")
        .arg(file)
        .arg("-DNO_DETACH");
    let mut group = Group::start(&mut command)?;
    await_ports(&mut group, &ports)?;
    Ok(Serving {
        group,
        addresses: vec![
            ("plain", format!("http://127.0.0.1:{port}")),
            ("up", format!("http://127.0.0.1:{port}/up")),
            ("closed", format!("http://127.0.0.1:{port}/basic")),
        ],
    })
}
