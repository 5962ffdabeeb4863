//! `try` against nobody; tests of both programs together are elsewhere.

use std::net::TcpListener;

use crate::common::run;
use crate::schema::checked;

#[test]
fn its_document_holds_those_of_explain_and_lint() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let rule = format!("http://{closed}/$MACconfig.xml");
    let ended = run(&["try", &rule, "--json"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (1, ""));
    let document = ended.document("try");
    assert_eq!(document["verdict"]["code"], "connection-refused");
    let explained = checked(&document["explain"].to_string(), "explain");
    assert_eq!(explained["outcome"], "fetch");
    let linted = checked(&document["lint"].to_string(), "lint");
    assert_eq!(linted["findings"][0]["code"], "unknown-macro");
}
