//! What the control socket takes, and from whom.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::time::Duration;

use onhook_phone::port::CommandSource;
use onhook_phone::{Answer, Ask};
use onhook_system::{ControlError, ControlRequest, ControlSocket, ask};
use tokio::task::JoinSet;

use crate::line::{Place, answer_one, assert_nothing_waits, nobody, spell};

/// Longest request in bytes, with its line end.
const LIMIT: usize = 64 * 1024;

/// A rule that makes the request line so long, line end included.
fn rule_for(line: usize) -> String {
    let empty = serde_json::to_string(&ControlRequest::Resync {
        rule: Some(String::new()),
        menu: false,
    });
    "x".repeat(line - empty.unwrap().len() - 1)
}

/// What [`ask`] brings while the phone answers one request.
async fn asked_and_answered(
    place: &Place,
    source: &mut ControlSocket,
    request: &ControlRequest,
) -> (Result<String, ControlError>, Ask) {
    let socket = place.socket();
    tokio::join!(ask(&socket, request), answer_one(source))
}

#[tokio::test]
async fn only_the_owner_may_use_the_socket_and_it_goes_with_its_listener() {
    let place = Place::new();
    let source = place.bind();
    let metadata = std::fs::metadata(place.socket()).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o600);
    drop(source);
    assert!(!place.socket().exists());
}

#[tokio::test]
async fn what_a_dead_process_left_behind_is_replaced() {
    let place = Place::new();
    // A listener of the standard library leaves its socket behind.
    drop(std::os::unix::net::UnixListener::bind(place.socket()).unwrap());
    let dead = ask(&place.socket(), &ControlRequest::Status {}).await;
    assert!(
        matches!(dead, Err(ControlError::NotRunning { .. })),
        "{dead:?}"
    );
    let mut source = place.bind();
    assert_nothing_waits(&place, &mut source).await;
    drop(source);
    std::fs::write(place.socket(), "no socket").unwrap();
    let mut source = place.bind();
    assert_nothing_waits(&place, &mut source).await;
}

#[tokio::test]
async fn a_place_where_no_socket_can_be_is_an_error_that_names_it() {
    let place = Place::new();
    std::fs::create_dir(place.socket()).unwrap();
    let missing = place.folder().join("missing").join("control.sock");
    for path in [place.socket(), missing] {
        let Err(error) = ControlSocket::bind(&path, spell, nobody()) else {
            panic!("a socket was made at {}", path.display());
        };
        assert!(matches!(error, ControlError::Io { .. }), "{error:?}");
        assert!(error.to_string().contains(&*path.to_string_lossy()));
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[tokio::test]
async fn without_an_agent_the_asker_learns_what_to_start() {
    let place = Place::new();
    let error = ask(&place.socket(), &ControlRequest::Status {})
        .await
        .unwrap_err();
    assert!(matches!(error, ControlError::NotRunning { .. }));
    assert!(error.to_string().contains("start `onhook-agent run`"));
}

#[tokio::test]
async fn an_agent_that_ends_before_it_answers_is_an_error() {
    let place = Place::new();
    let mut source = place.bind();
    let socket = place.socket();
    let (result, ()) = tokio::join!(ask(&socket, &ControlRequest::Status {}), async {
        drop(source.next().await);
    });
    assert!(matches!(result, Err(ControlError::NoAnswer)), "{result:?}");
}

#[tokio::test]
async fn a_request_line_holds_64_kib_and_not_a_byte_more() {
    let place = Place::new();
    let mut source = place.bind();
    let request = |line| ControlRequest::Resync {
        rule: Some(rule_for(line)),
        menu: false,
    };
    let (answer, got) = asked_and_answered(&place, &mut source, &request(LIMIT)).await;
    assert_eq!(answer.unwrap(), "done");
    let Ask::Resync(Some(rule)) = got else {
        panic!("{got:?} was not asked");
    };
    assert_eq!(rule.expose().len(), rule_for(LIMIT).len());
    for longer in [LIMIT + 1, LIMIT + 2, 2 * LIMIT, 5_000_000] {
        let socket = place.socket();
        let request = request(longer);
        let answer = tokio::select! {
            answer = ask(&socket, &request) => answer.unwrap(),
            _ = source.next() => panic!("a line of {longer} bytes was handed over"),
        };
        assert_eq!(
            answer,
            "refused: a request is one line of at most 65536 bytes"
        );
    }
    assert_nothing_waits(&place, &mut source).await;
}

#[tokio::test]
async fn an_asker_goes_on_after_a_line_that_was_too_long() {
    let place = Place::new();
    let mut source = place.bind();
    let mut line = place.line().await;
    line.write(&[b" ".repeat(LIMIT), b"\n{\"ask\":\"status\"}\n".to_vec()].concat())
        .await;
    assert!(line.read().await.unwrap().starts_with("refused: "));
    assert!(matches!(answer_one(&mut source).await, Ask::Status));
    assert_eq!(line.read().await.as_deref(), Some("done"));
}

#[tokio::test]
async fn a_line_without_its_end_is_refused_and_never_handed_over() {
    let place = Place::new();
    let mut source = place.bind();
    let mut line = place.line().await;
    line.write(b"{\"ask\":\"factory-reset\"}").await;
    line.end().await;
    assert!(line.read().await.unwrap().starts_with("refused: "));
    assert_eq!(line.read().await, None);
    assert_nothing_waits(&place, &mut source).await;
}

#[tokio::test]
async fn a_refusal_says_where_to_look_and_never_quotes_the_line() {
    let place = Place::new();
    let mut source = place.bind();
    let lines = [
        "canary-4f1d",
        "\"canary-4f1d\"",
        "{\"canary-4f1d\":1}",
        "{\"ask\":\"canary-4f1d\"}",
        "{\"ask\":\"resync\",\"rule\":[\"canary-4f1d\"]}",
        "{\"ask\":\"resync\",\"canary-4f1d\":\"x\"}",
        "{\"ask\":\"set\",\"name\":\"GPP_SA\",\"value\":\"canary-4f1d\"",
        "{\"ask\":\"set\",\"name\":\"GPP_SA\",\"value\":\"canary-4f1d\",\"value\":\"canary-4f1d\"}",
        "{\"ask\":\"set\",\"name\":\"GPP_SA\",\"value\":\"canary-4f1d\\q\"}",
        "{\"ask\":\"set\",\"name\":\"GPP_SA\",\"value\":\"canary-4f1d\"} canary-4f1d",
    ];
    let mut line = place.line().await;
    for text in lines {
        line.write(format!("{text}\n").as_bytes()).await;
        let answer = line.read().await.unwrap();
        assert!(!answer.contains("canary"), "{text} -> {answer}");
        assert!(answer.starts_with("refused: not a request: "));
    }
    let long = format!(
        "{{\"ask\":\"set\",\"value\":\"{}",
        "canary-4f1d".repeat(9000)
    );
    line.write(format!("{long}\n").as_bytes()).await;
    assert!(!line.read().await.unwrap().contains("canary"));
    assert_nothing_waits(&place, &mut source).await;
}

#[tokio::test]
async fn twenty_askers_at_once_all_get_their_own_answer() {
    let place = Place::new();
    let mut source = place.bind();
    let mut askers = JoinSet::new();
    for n in 0..20 {
        let socket = place.socket();
        askers.spawn(async move {
            let request = ControlRequest::Set {
                name: format!("n{n}"),
                value: String::new(),
            };
            (n, ask(&socket, &request).await.unwrap())
        });
    }
    for _ in 0..20 {
        let asked = source.next().await.unwrap();
        let Ask::Set { name, .. } = &asked.ask else {
            panic!("{:?} was not asked", asked.ask);
        };
        let why = format!("re {name}");
        asked.reply.answer(Answer::Refused(why));
    }
    for (n, answer) in askers.join_all().await {
        assert_eq!(answer, format!("refused: re n{n}"));
    }
    assert_nothing_waits(&place, &mut source).await;
}

#[tokio::test]
async fn askers_who_hang_up_early_leave_room_for_others() {
    let place = Place::new();
    let mut source = place.bind();
    // More than are served at once.
    for n in 0..40 {
        let mut line = place.line().await;
        match n % 3 {
            0 => {}
            1 => line.write(b"{\"ask\":\"stat").await,
            _ => line.write(b"{\"ask\":\"status\"}\n").await,
        }
        drop(line);
        if n % 3 == 2 {
            assert!(matches!(answer_one(&mut source).await, Ask::Status));
        }
    }
    assert_nothing_waits(&place, &mut source).await;
}

#[tokio::test]
async fn an_asker_who_says_nothing_keeps_nobody_waiting() {
    let place = Place::new();
    let mut source = place.bind();
    let _silent = [place.line().await, place.line().await];
    let served = tokio::time::timeout(
        Duration::from_secs(10),
        assert_nothing_waits(&place, &mut source),
    );
    served.await.unwrap();
}
