//! Redirects between plain HTTP and HTTPS.

use onhook_fetch::ErrorKind;
use onhook_http::Limits;

use super::{Setup, ask, fails, get, get_with, hello};
use crate::server::{Server, answer, transport};

//= R-HTTP-5 type=test
#[tokio::test]
async fn http_leads_to_https() {
    let setup = Setup::plain();
    let secure = setup.serve(hello()).await;
    let location = format!("Location: https://{}/f\r\n", secure.address);
    let plain = Server::start(vec![answer("302 Found", &location, b"")]).await;
    let result = get(&setup.phone(), &plain.request("/a")).await;
    assert_eq!(result.unwrap(), b"hello");
}

//= R-HTTP-5 type=test
//= V-089 type=test
#[tokio::test]
async fn https_never_leads_to_http() {
    let setup = Setup::plain();
    let plain = Server::start(hello()).await;
    let location = format!("Location: http://{}/f\r\n", plain.address);
    let secure = setup.serve(vec![answer("302 Found", &location, b"")]).await;
    let result = get(&setup.phone(), &ask(&secure, "127.0.0.1")).await;
    fails(
        result,
        ErrorKind::NotAllowed,
        &["from https to http", "correct the server"],
    );
    assert!(plain.asked().is_empty());
}

#[tokio::test]
async fn a_relative_location_stays_on_https() {
    let setup = Setup::plain();
    let moved = answer("302 Found", "Location: /b\r\n", b"");
    let server = setup.serve([vec![moved], hello()].concat()).await;
    let result = get(&setup.phone(), &ask(&server, "127.0.0.1")).await;
    assert_eq!(result.unwrap(), b"hello");
    assert!(server.asked()[1].starts_with("GET /b HTTP/1.1\r\n"));
}

//= R-HTTP-5 type=test
#[tokio::test]
async fn credentials_of_the_rule_do_not_follow_to_another_scheme() {
    let setup = Setup::plain();
    let challenge = answer(
        "401 Unauthorized",
        "WWW-Authenticate: Basic realm=\"x\"\r\n",
        b"",
    );
    let secure = setup.serve(vec![challenge]).await;
    let location = format!("Location: https://{}/f\r\n", secure.address);
    let plain = Server::start(vec![answer("302 Found", &location, b"")]).await;
    let mut request = plain.request("/a");
    request.user = Some("prov".into());
    request.password = Some("pw1".into());
    let fetch = transport(Limits::default()).with_tls(setup.phone());
    fails(
        get_with(&fetch, &request).await,
        ErrorKind::Auth,
        &["not given to another server"],
    );
    assert_eq!(secure.asked().len(), 1);
    assert!(!secure.asked()[0].contains("Authorization"));
}
