//! One test for each published type.

use crate::support::{check, check_bad, check_kept, check_length, id, stored};

#[test]
//= R-TYP-4 type=test
fn unsigned_numbers_are_decimal_or_hexadecimal_and_fit_their_bits() {
    check_kept(
        "Forced_Resync_Delay",
        &[
            "0",
            "65535",
            "0x10",
            "0X10",
            "0xffff",
            "0xFfFf",
            "007",
            "00000000000065535",
        ],
    );
    check_bad(
        "Forced_Resync_Delay",
        &[
            "65536",
            "0x10000",
            "-1",
            "+5",
            "-0",
            "1.5",
            "1e3",
            "0x",
            "x10",
            "0xg",
            "1 0",
            "10s",
            "1_0",
            "99999999999999999999999",
            "0x99999999999999999999",
            "\u{661}",
            "\"\"",
            "ff",
            "0b1",
            "0x0x1",
        ],
    );
    check_kept("Max_Forward", &["1", "255", "0xff"]);
    check_bad("Max_Forward", &["0", "256"]);
    check_kept("Reg_Retry_Intvl", &["4294967295", "0xffffffff"]);
    check_bad("Reg_Retry_Intvl", &["4294967296"]);
}

#[test]
fn a_published_range_is_enforced() {
    check_kept("Periodic_Upload_To_Server", &["600", "2592000", "0x258"]);
    check_bad("Periodic_Upload_To_Server", &["599", "2592001", "0"]);
    check_kept("Max_Display_Records", &["50", "999"]);
    check_bad("Max_Display_Records", &["49", "1000"]);
    check_kept("Resync_At_Random_Delay", &["0", "1", "599", "600", "65535"]);
    check_bad("Resync_At_Random_Delay", &["65536"]);
}

#[test]
//= R-TYP-5 type=test
fn published_lengths_count_characters() {
    for (name, most) in [
        ("Proxy_Host", 255),
        ("PAC_URL", 511),
        ("Extended_Function_2_", 511),
        ("PRT_HTTP_Header", 127),
        ("PRT_HTTP_Header_Value", 127),
        ("MIC_Cert_Refresh_Rule", 1024),
        ("TLS_Cipher_List", 521),
        ("Language_Selection", 512),
        ("Device_Config_Version", 64),
        ("Customizable_PLK_Options", 511),
        ("Asset_ID", 31),
        ("User_Password", 127),
    ] {
        check_length(name, most);
    }
    check_kept("User_Password", &["abcd"]);
    check_bad("User_Password", &["abc"]);
    check("User_Password", "", "");
}

#[test]
//= R-TYP-7 type=test
fn a_port_fits_16_bits() {
    check_kept("Web_Server_Port", &["0", "80", "0x50", "65535"]);
    check_bad("Web_Server_Port", &["65536", "-1", "http", "80.0"]);
}

#[test]
//= R-TYP-8 type=test
fn a_user_id_has_at_most_63_characters() {
    check_length("User_ID_1_", 63);
    check_kept("User_ID_1_", &["1001", "alice.b", "a b"]);
}

#[test]
//= R-TYP-9 type=test
fn a_host_may_have_a_port() {
    check_kept(
        "Syslog_Server",
        &[
            "log.example",
            "10.98.76.123:514",
            "log:0",
            "h:65535",
            "a_b-c.d",
            "2001:db8::1",
            "[2001:db8::1]:514",
            "[::1]",
        ],
    );
    check_bad(
        "Syslog_Server",
        &[
            "log:65536",
            "log:",
            ":514",
            "log:x",
            "log:+5",
            "a b",
            "http://log",
            "log:1:2/",
            "h\u{e9}",
        ],
    );
    let host = "h".repeat(63);
    check_kept("Syslog_Server", &[&host, &format!("{host}:65535")]);
    assert_eq!(
        stored("Syslog_Server", &format!("{host}h:514"))
            .unwrap_err()
            .code(),
        "too-long"
    );
}

#[test]
//= R-TYP-11 type=test
fn a_time_may_have_decimals() {
    check_kept(
        "SIP_T1",
        &[".5", "0.5", "5.", "64", "64.0", "64.0009", "0", "00.500"],
    );
    check_bad(
        "SIP_T1",
        &[
            "64.001",
            "65",
            "-1",
            "+1",
            ".",
            "0x1",
            "1,5",
            "1.2.3",
            "1e1",
            "\"\"",
            "99999999999999999999",
        ],
    );
    check_kept("RTP_Packet_Size", &["0.02", "0.16"]);
}

#[test]
//= R-TYP-12 type=test
//= R-SCHED-3 type=test
fn a_delay_list_is_seconds_with_random_parts() {
    check_kept(
        "Resync_Periodic",
        &[
            "0",
            "600,1200,300",
            "2400+30",
            "1800+300, 3600+600 ,7200+900",
            "1 + 2",
            "0+0",
            "4294967295",
            "4294967295+4294967295",
            "0004294967295",
            "60,120,240,480,960,1920,3840,7680,15360,30720,61440,86400",
        ],
    );
    check_bad(
        "Resync_Periodic",
        &[
            "soon",
            "4294967296",
            "1+4294967296",
            "1,4294967296",
            "99999999999999999999999999",
            ",",
            "1,",
            ",1",
            "1,,2",
            "+1",
            "1+",
            "1++2",
            "1+2+3",
            "-1",
            "1.5",
            "0x10",
            "1 2",
            "\"\"",
            "1;2",
            "\u{661}",
            "1,\u{a0}2",
        ],
    );
    check_bad("Resync_Error_Retry_Delay", &["x"]);
    check_bad("Upgrade_Error_Retry_Delay", &["x"]);
}

#[test]
//= R-TYP-13 type=test
fn a_time_of_day_has_exactly_four_digits() {
    check_kept(
        "Resync_At__HHmm_",
        &["0000", "0959", "1959", "2000", "2359", "2400"],
    );
    check_bad(
        "Resync_At__HHmm_",
        &[
            "959",
            "1260",
            "2401",
            "2460",
            "2500",
            "3000",
            "02359",
            "12:00",
            "12 0",
            "-100",
            "+100",
            "\"\"",
            "\u{661}00",
            "a000",
        ],
    );
    check("Resync_At__HHmm_", "", "");
}

#[test]
//= R-TYP-18 type=test
fn a_daylight_saving_rule_has_start_end_and_size() {
    let name = "Daylight_Saving_Time_Rule";
    check_kept(
        name,
        &[
            "start=3/-1/7/2;end=10/-1/7/2;save=1",
            "start=4/1/7;end=10/-1/7;save=1",
            "start=3/8/7/02:0:0;end=11/1/7/02:0:0;save=1",
            "start=12/31/0/23:59:59;end=1/-31/1/0:00;save=-0:30:00;",
            "end=10/-1/7/2; start=3/-1/7/2; save=+1",
        ],
    );
    check_bad(
        name,
        &[
            "start=3/-1/7/2;end=10/-1/7/2",
            "start=3/-1/7/2;save=1",
            "start=13/1/7;end=10/1/7;save=1",
            "start=0/1/7;end=10/1/7;save=1",
            "start=3/0/7;end=10/1/7;save=1",
            "start=3/32/7;end=10/1/7;save=1",
            "start=3/1/8;end=10/1/7;save=1",
            "start=3/1/-1;end=10/1/7;save=1",
            "start=3/1/7/24;end=10/1/7;save=1",
            "start=3/1/7/2:60;end=10/1/7;save=1",
            "start=3/1/7/2:0:60;end=10/1/7;save=1",
            "start=3/1/7/2:0:0:0;end=10/1/7;save=1",
            "start=3/1;end=10/1/7;save=1",
            "start=3/1/7;end=10/1/7;save=1;save=1",
            "start=3/1/7;end=10/1/7;save=x",
            "start=3/1/7;end=10/1/7;save=1;x=1",
            "start=3/1/7;end=10/1/7;save=",
            "summer",
            "start=3/1/7/;end=10/1/7;save=1",
        ],
    );
}

#[test]
//= R-TYP-19 type=test
fn rules_and_dial_plans_are_stored_as_text() {
    for name in [
        "Profile_Rule",
        "Upgrade_Rule",
        "Report_Rule",
        "Resync_Trigger_1",
        "Dial_Plan_1_",
    ] {
        check_kept(name, &["((", "# http://h/x", "$MA", "x | y", "\"", "  ]"]);
    }
}

#[test]
//= R-TYP-6 type=test
//= R-TYP-10 type=test
//= R-TYP-14 type=test
//= R-TYP-15 type=test
//= R-TYP-17 type=test
fn a_type_that_is_only_inferred_can_still_be_checked() {
    let fits = |name: &str, text: &str| id(name).check(text).is_ok();
    let table: [(&str, &[&str], &[&str]); 5] = [
        (
            "Primary_DNS",
            &["0.0.0.0", "255.255.255.255", "010.1.2.3"],
            &[
                "256.1.1.1",
                "1.1.1",
                "1.1.1.1.1",
                "1..1.1",
                "a.b.c.d",
                "+1.1.1.1",
            ],
        ),
        ("Call_Return_Code", &["*69", "1234567"], &["12345678"]),
        (
            "Work_Days",
            &["Monday", "monday|Sunday"],
            &["Monday,Tuesday", "Funday"],
        ),
        (
            "Cadence_1",
            &["60(2/4)", "60(.2/.2,.2/.2,.2/.2,1/4)", "*(.125/*);1(1/1)"],
            &[
                "60",
                "60()",
                "60(2)",
                "60(2/4",
                "(2/4)",
                "60(1/1,1/1,1/1,1/1,1/1,1/1,1/1)",
                "1(1/1);1(1/1);1(1/1)",
                "60(.1234/1)",
            ],
        ),
        (
            "Dial_Tone",
            &[
                "350@-19,440@-19;10(*/0/1+2)",
                "350@-19,440@-19;2(.1/.1/1+2);10(*/0/1+2)",
                "480@-19.5 , 620@+1;10(.5/.5/0)",
            ],
            &[
                "350@-19",
                "350;10(*/0/1)",
                "350@-19;10(*/0)",
                "350@-19;10(*/0/7)",
                "@-1;10(*/0/1)",
                "350@-19.55;10(*/0/1)",
                "1@1,1@1,1@1,1@1,1@1,1@1,1@1;10(*/0/1)",
            ],
        ),
    ];
    for (name, good, bad) in table {
        assert!(!id(name).pattern().enforced, "{name}");
        good.iter()
            .for_each(|text| assert!(fits(name, text), "{name} given {text}"));
        bad.iter()
            .for_each(|text| assert!(!fits(name, text), "{name} given {text}"));
    }
    assert!(!fits("Dial_Tone", &"1".repeat(128)));
}
