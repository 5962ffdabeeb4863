//! Faults of TLS, met by the transport of the phone.

use onhook_prov_server::{Certificate, Fault, ServerEvent};

use crate::common::{Lab, err_text};
use crate::tls::{get, made, phone};

async fn lab(fault: &str) -> Lab {
    let lab = Lab::with(|_, config| {
        config.http = None;
        config.https = Some(made(&["prov.test"]));
        config.faults = vec![fault.parse::<Fault>().unwrap()];
    })
    .await;
    lab.write("a.xml", "<flat-profile/>");
    lab
}

//= R-TLS-8 type=test
#[tokio::test]
async fn a_phone_refuses_a_bad_certificate_and_the_next_handshake_is_good() {
    for (fault, expected) in [
        ("expired", "certificate verify failed"),
        ("not-yet-valid", "certificate verify failed"),
        ("self-signed", "certificate verify failed"),
        ("wrong-name", "certificate name mismatch"),
        ("drop", "tls handshake failed"),
        ("alert", "tls handshake failed"),
    ] {
        let mut lab = lab(&format!("tls={fault},times=1")).await;
        let phone = phone(lab.running.authority().unwrap());
        let error = get(&lab, &phone, "127.0.0.1").await.unwrap_err();
        assert_eq!(err_text(&error), expected, "{fault}: {error}");
        assert_eq!(
            lab.fault().await,
            format!("fault fault-1: tls={fault}, https")
        );
        match lab.events.next().await {
            Some(ServerEvent::Handshake(failed)) => {
                assert!(
                    failed
                        .to_string()
                        .ends_with(&format!(" [fault fault-1: tls={fault}]"))
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(
            get(&lab, &phone, "127.0.0.1").await.unwrap(),
            b"<flat-profile/>"
        );
        let access = lab.access().await;
        assert_eq!((access.status, access.fault), (Some(200), None));
    }
}

#[tokio::test]
async fn requests_over_tls_meet_the_faults_of_http() {
    let mut lab = lab("reset,on=https").await;
    let phone = phone(lab.running.authority().unwrap());
    let error = get(&lab, &phone, "localhost").await.unwrap_err();
    assert_eq!(err_text(&error), "http protocol error");
    assert_eq!(lab.fault().await, "fault fault-1: reset, https /a.xml");
}

#[tokio::test]
async fn a_certificate_from_files_cannot_be_made_bad() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = onhook_prov_server::Config::local(dir.path());
    let mut https = made(&[]);
    https.certificate = Certificate::Files {
        certificate: "none".into(),
        key: "none".into(),
    };
    config.https = Some(https);
    config.faults = vec!["tls=expired".parse().unwrap()];
    let error = onhook_prov_server::Server::start(config)
        .await
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("let it make its certificate"),
        "{error}"
    );
}
