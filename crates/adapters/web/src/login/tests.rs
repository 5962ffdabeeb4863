use super::*;
use onhook_crypto::auth::Challenge;

fn logins(admin: &str, user: &str) -> Logins {
    Logins {
        admin: Secret::from(admin),
        user: Secret::from(user),
        xml: Secret::from(""),
    }
}

fn porter() -> Porter {
    Porter::new(Nonces::new(Secret::from("0123456789abcdef")))
}

const FAR: &str = "192.0.2.7";

struct Case {
    porter: Porter,
    logins: Logins,
    open: bool,
    now_s: u64,
}

impl Case {
    fn new(admin: &str, user: &str) -> Self {
        Self {
            porter: porter(),
            logins: logins(admin, user),
            open: false,
            now_s: 0,
        }
    }

    fn ask(&mut self, peer: &str, wanted: Role, authorization: Option<&[u8]>) -> Admission {
        let caller = Caller {
            peer: peer.parse().unwrap(),
            method: "GET",
            target: "/admin/reboot",
            authorization,
            credentials: None,
        };
        let (logins, open) = (&self.logins, self.open);
        self.porter.admit(&caller, wanted, logins, open, self.now_s)
    }

    /// Answers the n-th challenge that a request without credentials gets.
    fn log_in(
        &mut self,
        peer: &str,
        wanted: Role,
        user: &str,
        password: &str,
        n: usize,
    ) -> Vec<u8> {
        let Admission::Challenged(challenges) = self.ask(peer, wanted, None) else {
            panic!("no challenge");
        };
        let element = &elements(challenges[n].as_bytes())[0];
        let challenge = Challenge::of(element).unwrap();
        let login = Login {
            user: user.as_bytes(),
            password: password.as_bytes(),
        };
        challenge
            .answer(login, ("GET", "/admin/reboot"), 1, "abc")
            .to_vec()
    }
}

//= R-WEB-1 type=test
#[test]
fn the_right_password_opens_by_either_hash_and_each_answer_counts_once() {
    for n in [0, 1] {
        let mut case = Case::new("pw", "");
        let answer = case.log_in(FAR, Role::Admin, "admin", "pw", n);
        assert_eq!(
            case.ask(FAR, Role::Admin, Some(&answer)),
            Admission::As(Role::Admin)
        );
        let Admission::Challenged(again) = case.ask(FAR, Role::Admin, Some(&answer)) else {
            panic!("it is a replay");
        };
        assert!(again[0].ends_with(", stale=true"), "{again:?}");
        assert!(again[0].contains("SHA-256") && again[1].contains("MD5"));
    }
}

#[test]
fn an_answer_for_another_target_or_realm_opens_nothing() {
    let mut case = Case::new("pw", "pw");
    let answer = case.log_in(FAR, Role::Admin, "admin", "pw", 1);
    let text = String::from_utf8(answer).unwrap();
    for (from, to) in [
        ("/admin/reboot", "/admin/cfg.xml"),
        ("qop=auth", "qop=x"),
        ("Onhook admin", "Onhook user"),
        ("nc=00000001", "nc=00000002"),
        ("nc=00000001", "nc=x"),
        ("algorithm=MD5", "algorithm=MD5-sess"),
        ("Digest", "Basic"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        let mut case = Case::new("pw", "pw");
        let admission = case.ask(FAR, Role::Admin, Some(changed.as_bytes()));
        assert!(matches!(admission, Admission::Challenged(_)), "{to}");
    }
}

//= R-WEB-1 type=test
#[test]
fn without_a_password_only_the_loopback_interface_is_open() {
    let mut case = Case::new("", "");
    for wanted in [Role::Admin, Role::User] {
        for (peer, open, admission) in [
            ("127.0.0.1", false, Admission::As(wanted)),
            ("::1", false, Admission::As(wanted)),
            ("::ffff:127.0.0.1", false, Admission::As(wanted)),
            (FAR, false, Admission::Closed),
            (FAR, true, Admission::As(wanted)),
        ] {
            case.open = open;
            assert_eq!(case.ask(peer, wanted, None), admission, "{peer}");
        }
    }
    let mut case = Case::new("pw", "");
    let admission = case.ask("127.0.0.1", Role::Admin, None);
    assert!(matches!(admission, Admission::Challenged(_)));
}

//= R-WEB-11 type=test
#[test]
fn a_user_stays_a_user_wherever_it_asks() {
    let mut case = Case::new("pw", "uw");
    let answer = case.log_in(FAR, Role::User, "user", "uw", 0);
    assert_eq!(
        case.ask(FAR, Role::Admin, Some(&answer)),
        Admission::As(Role::User)
    );
}

//= R-WEB-2 type=test
#[test]
fn v_153_credentials_of_a_url_open_or_count_as_wrong() {
    let mut case = Case::new("pw", "");
    for (user, password, opens) in [
        ("admin", "pw", true),
        ("admin", "pW", false),
        ("user", "", false),
        ("root", "pw", false),
    ] {
        let credentials = Credentials {
            user: user.to_owned(),
            password: Secret::from(password),
        };
        let caller = Caller {
            peer: FAR.parse().unwrap(),
            method: "GET",
            target: "/",
            authorization: None,
            credentials: Some(&credentials),
        };
        let admission = case
            .porter
            .admit(&caller, Role::Admin, &case.logins, true, 0);
        assert_eq!(admission == Admission::As(Role::Admin), opens, "{user}");
    }
}

//= R-WEB-13 type=test
#[test]
fn who_is_wrong_too_often_waits_and_learns_nothing() {
    let mut case = Case::new("pw", "");
    let answers: Vec<_> = (0..TRIES)
        .map(|n| {
            let user = if n % 2 == 0 { "admin" } else { "nobody" };
            case.log_in(FAR, Role::Admin, user, "wrong", 0)
        })
        .collect();
    let right = case.log_in(FAR, Role::Admin, "admin", "pw", 0);
    let elsewhere = case.log_in("192.0.2.8", Role::Admin, "admin", "pw", 0);
    for answer in &answers {
        let admission = case.ask(FAR, Role::Admin, Some(answer));
        assert!(matches!(admission, Admission::Challenged(_)));
    }
    assert_eq!(
        case.ask(FAR, Role::Admin, Some(&right)),
        Admission::Wait(WAIT_S),
        "even the right one"
    );
    assert_eq!(
        case.ask("192.0.2.8", Role::Admin, Some(&elsewhere)),
        Admission::As(Role::Admin),
        "others do not wait"
    );
    case.now_s = WAIT_S;
    assert_eq!(
        case.ask(FAR, Role::Admin, Some(&right)),
        Admission::As(Role::Admin)
    );
}

#[test]
fn sources_that_are_remembered_have_a_bound() {
    let mut porter = porter();
    for n in 0..10_000_u32 {
        porter.strike(IpAddr::V4(n.into()), 0);
    }
    assert_eq!(porter.strikes.len(), SOURCES);
    let [one, other] = ["2001:db8::1", "2001:db8::ffff"].map(|ip| source_of(ip.parse().unwrap()));
    assert_eq!(one, other, "one subscriber is one source");
}
