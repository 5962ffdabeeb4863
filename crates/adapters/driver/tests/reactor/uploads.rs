//! Reports of the configuration: what they hold, how they are sealed and handed over.

use onhook_crypto::{Digest, decrypt, keying_material, unseal};
use onhook_device::Family;
use onhook_fetch::{ErrorKind, Method};
use onhook_params::Scope;
use onhook_phone::Answer;
use onhook_testkit::fake::{Handed, UploadAnswer};

use crate::world::{Home, Life, refused};

const URL: &str = "http://h:80/report";

fn home() -> Home {
    Home::new()
        .serving("<GPP_B>from the profile</GPP_B>")
        .with("Report_To_Server", "On Local Change")
        .with("Report_Rule", "http://h/report")
        .with("GPP_A", "plain")
        .with("GPP_SA", "canary-register")
        .with("User_Password", "canary-password")
        .with(
            "Profile_Rule_B",
            "( 1 eq 2 )? [--key canary-rule] http://h/b",
        )
}

/// A phone of the older dialect, which knows no more of reports than their rule.
fn older() -> Home {
    let mut home = Home::new().with("Report_Rule", "http://h/report");
    home.scope = Scope {
        family: Family::Spa,
        ..Scope::default()
    };
    home
}

async fn reported(home: &Home) -> Life {
    let mut life = home.booted().await;
    life.run_for(100).await;
    assert_eq!(life.say("report").await, Some(Answer::Done));
    life
}

/// The only body that a server has.
#[track_caller]
fn body(home: &Home) -> (String, Vec<u8>) {
    let mut taken = home.upload.taken();
    assert_eq!(taken.len(), 1);
    taken.pop().unwrap()
}

fn text(home: &Home) -> String {
    String::from_utf8(body(home).1).unwrap()
}

fn handed(home: &Home) -> Handed {
    home.upload.handed().pop().unwrap()
}

//= R-RPT-1 type=test
//= R-RPT-7 type=test
//= R-REPORT-7 type=test
#[tokio::test(start_paused = true)]
async fn the_whole_configuration_is_a_profile_without_secrets() {
    let home = home();
    reported(&home).await;
    assert_eq!(body(&home).0, URL);
    let text = text(&home);
    assert!(text.contains("<flat-profile>"), "{text}");
    assert!(text.contains("<GPP_A ua=\"na\">plain</GPP_A>"), "{text}");
    assert!(text.contains("from the profile"), "{text}");
    assert!(
        text.contains("<Resync_Periodic"),
        "what is not changed is told as well"
    );
    for secret in ["canary", "GPP_SA", "IKM_HTTP_Encrypt_Content"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert_eq!(handed(&home).content_type, "application/xml");
}

//= R-RPT-2 type=test
//= R-REPORT-4 type=test
#[tokio::test(start_paused = true)]
async fn the_method_is_that_of_the_parameter_and_post_in_the_older_dialect() {
    for (home, expected) in [
        (home(), Method::Post),
        (home().with("HTTP_Report_Method", "PUT"), Method::Put),
        (older(), Method::Post),
    ] {
        reported(&home).await;
        assert_eq!(handed(&home).method, expected);
    }
}

//= R-RPT-3 type=test
#[tokio::test(start_paused = true)]
async fn a_delta_holds_what_changed_since_boot_and_then_since_the_last_report() {
    let home = home().with("Report_Rule", "[--delta] http://h/report");
    let mut life = reported(&home).await;
    life.say("set GPP_C later").await;
    life.say("report").await;
    let texts: Vec<String> = home
        .upload
        .taken()
        .into_iter()
        .map(|(_, body)| String::from_utf8(body).unwrap())
        .collect();
    let names = |text: &str| -> Vec<&'static str> {
        let all = ["GPP_A", "GPP_B", "GPP_C", "Resync_Periodic"];
        all.into_iter().filter(|name| text.contains(name)).collect()
    };
    assert_eq!(names(&texts[0]), ["GPP_B"]);
    assert_eq!(names(&texts[1]), ["GPP_C"]);
}

//= R-REPORT-2 type=test
#[tokio::test(start_paused = true)]
async fn status_data_say_what_the_phone_is_and_did() {
    let home = home().with("Report_Rule", "[--status] http://h/report");
    reported(&home).await;
    let text = text(&home);
    for part in [
        "<status>",
        "<Serial_Number>SN1</Serial_Number>",
        "<Provisioned>Yes</Provisioned>",
        "<Cause>boot</Cause>",
        "<Profile_Rule>http://h:80/p</Profile_Rule>",
        "<Reboot_History>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("canary"), "{text}");
}

//= R-RPT-6 type=test
//= R-CBC-9 type=test
//= R-REPORT-3 type=test
#[tokio::test(start_paused = true)]
async fn a_key_seals_a_report_as_openssl_does() {
    let ikm = "0123456789abcdef0123456789abcdef";
    for (home, digest) in [
        (home().with("IKM_HTTP_Encrypt_Content", ikm), Digest::Sha256),
        (older(), Digest::Md5),
    ] {
        let rule = "[--key \"pass phrase\" --uid me --pwd canary] http://h/report";
        let home = home.with("Report_Rule", rule);
        let mut life = reported(&home).await;
        life.say("report").await;
        let taken = home.upload.taken();
        assert_ne!(taken[0].1, taken[1].1, "each has a salt of its own");
        let plain = decrypt(taken[0].1.clone(), b"pass phrase", digest).unwrap();
        assert!(plain.starts_with(b"<?xml"));
        let handed = handed(&home);
        assert_eq!(
            (handed.aes128gcm, handed.user.as_deref()),
            (false, Some("me"))
        );
    }
}

/// A simulation fixes the seed, and a clock may be set back.
//= R-CBC-9 type=test
#[tokio::test(start_paused = true)]
async fn no_two_contents_have_one_salt_whatever_the_seed_and_the_clock_are() {
    let mut salts = Vec::new();
    for text in ["one", "two"] {
        let rule = "[--key k] http://h/report";
        let home = home().with("Report_Rule", rule).with("GPP_A", text);
        reported(&home).await;
        salts.push(body(&home).1.get(8..16).map(<[u8]>::to_vec));
    }
    assert!(salts.iter().all(Option::is_some));
    assert_ne!(salts.first(), salts.last());
}

//= R-GCM-6 type=test
//= R-RPT-6 type=test
#[tokio::test(start_paused = true)]
async fn without_a_key_the_keying_material_seals_it() {
    let ikm = "0123456789abcdef0123456789abcdef";
    let home = home().with("IKM_HTTP_Encrypt_Content", ikm);
    reported(&home).await;
    assert!(handed(&home).aes128gcm);
    let unsealed = unseal(body(&home).1, &keying_material(ikm.as_bytes())).unwrap();
    assert!(unsealed.plaintext.starts_with(b"<?xml"));
    assert_eq!((unsealed.record_size, unsealed.key_id.len()), (4096, 0));
}

//= R-RPT-5 type=test
#[tokio::test(start_paused = true)]
async fn whoever_asked_is_told_why_it_did_not_arrive() {
    let home = home();
    let mut life = home.booted().await;
    life.run_for(100).await;
    home.upload
        .answer_next(URL, UploadAnswer::Fails(ErrorKind::HttpStatus(500)));
    let why = refused(life.say("report").await);
    assert!(why.contains(URL), "{why}");
    life.run_for(100_000).await;
    assert_eq!(home.upload.handed().len(), 1);
    let mut life = Home::new().booted().await;
    let why = refused(life.say("report").await);
    assert!(why.contains("Report_Rule is empty"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_scheme_that_cannot_be_sent_by_is_told() {
    let home = home().with("Report_Rule", "https://h/report");
    let mut life = home.booted().await;
    let why = refused(life.say("report").await);
    assert!(why.contains("cannot send reports by https"), "{why}");
}
