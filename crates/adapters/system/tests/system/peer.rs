//! Another user at the control socket.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Command, Stdio};

use onhook_phone::port::CommandSource;

use crate::line::{Place, assert_nothing_waits};

/// Connects, asks for a factory reset, and prints what comes back, then `end`.
const STRANGER: &str = r#"
use Socket;
socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
connect($s, pack_sockaddr_un($ARGV[0])) or die "connect: $!";
$SIG{PIPE} = 'IGNORE';
syswrite($s, "{\"ask\":\"factory-reset\"}\n");
print <$s>, "end";
"#;

/// A user who is neither the owner nor root.
const NOBODY: &str = "65534";

#[tokio::test]
async fn another_user_gets_no_answer_even_if_the_files_let_it_in() {
    let place = Place::new();
    if std::fs::metadata(place.folder()).unwrap().uid() != 0 {
        println!("skipped: only root can become another user");
        return;
    }
    for tool in ["setpriv", "perl"] {
        let found = Command::new(tool)
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        if found.is_err() {
            println!("skipped: {tool} is not installed");
            return;
        }
    }
    let mut source = place.bind();
    for (path, mode) in [(place.folder(), 0o755), (place.socket(), 0o666)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let socket = place.socket();
    let stranger = tokio::task::spawn_blocking(move || {
        Command::new("setpriv")
            .args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"])
            .args(["perl", "-e", STRANGER])
            .arg(socket)
            .output()
    });
    let output = tokio::select! {
        output = stranger => output.unwrap().unwrap(),
        _ = source.next() => panic!("the request of a stranger was handed over"),
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "end",
        "the stranger did not get through to the peer check: {errors}"
    );
    assert_nothing_waits(&place, &mut source).await;
}
