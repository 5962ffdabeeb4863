//! Configurations and command lines with mistakes.

use onhook_tests::Agent;

use super::assert_refused;

/// A mistake in a file: its line and perhaps column, and what is said about it.
const MISTAKES: [(&str, &str, &[&str]); 33] = [
    (
        "[device]\nmac = \"000e08012345\"\n\n[syslog]\nsevrer = \"x\"\n",
        ":5: ",
        &["`syslog.sevrer`", "did you mean `server`?"],
    ),
    ("\n[devise]\n", ":2: ", &["`devise`", "`device`"]),
    ("[syslog]\nfile = \"x\"\n", ":2: ", &["known are server"]),
    ("device.Mac = \"x\"\n", ":1: ", &["`device.Mac`", "`mac`"]),
    ("device = 3\n", ":1: ", &["write [device]"]),
    (
        "[device]\nmac = [\"a\"]\n",
        ":2: ",
        &["`device.mac`", "in quotes"],
    ),
    (
        "[device.mac]\na = 1\n",
        ":1: ",
        &["`device.mac`", "in quotes"],
    ),
    (
        "[device]\nserial = 99999999999999999999\n",
        ":2: ",
        &["in quotes"],
    ),
    ("[device\n", ":1:8: ", &["not TOML", "expected `]`"]),
    ("[device]\n\nmac = \n", ":3:7: ", &["not TOML", "quoted"]),
    (
        "[syslog]\nserver = \"a\"\nserver = \"b\"\n",
        ":3:1: ",
        &["duplicate"],
    ),
    (
        "[device]\nmac = \"00:0e\"\n",
        ":2: device.mac: ",
        &["00:0e", "12 hex digits"],
    ),
    (
        "[device]\nip = \"here\"\n",
        ":2: device.ip: ",
        &["`here`", "192.0.2.50"],
    ),
    (
        "[device]\nfamily = \"pbx\"\n",
        ":2: device.family: ",
        &["`mpp`"],
    ),
    ("[device]\nrelease = 9\n", ":2: device.release: ", &["11.3"]),
    (
        "\n\n[device]\ntime_zone = \"Mars/Olympus\"\n",
        ":4: device.time_zone: ",
        &["Mars/Olympus", "UTC"],
    ),
    (
        "[readings]\ntriggers = \"maybe\"\n",
        ":2: readings.triggers: ",
        &["fire", "gate"],
    ),
    (
        "[options]\nsource = \"bootp\"\n",
        ":2: options.source: ",
        &["`static`, `lease-file` or `dhcp`"],
    ),
    (
        "[options]\nsource = \"dhcp\"\n",
        ":2: options.source: ",
        &["options.interface", "ip link"],
    ),
    (
        "[options]\nsource = \"lease-file\"\npath = \"/run/lease\"\n",
        ":2: options.source: ",
        &["options.format", "udhcpc"],
    ),
    (
        "[options]\nsource = \"lease-file\"\npath = \"/run/lease\"\nformat = \"dhcpcd\"\n",
        ":4: options.format: ",
        &["`dhcpcd` is not known", "dhclient"],
    ),
    (
        "[options]\nsource = \"dhcp\"\ninterface = \"eth0\"\nstatic = { 66 = \"h\" }\n",
        ":4: options.static: ",
        &["no use with source = \"dhcp\""],
    ),
    (
        "[options]\nstatic = \"192.0.2.1\"\n",
        ":2: ",
        &["`options.static`", "static = { \"66\""],
    ),
    (
        "[options.static]\n66 = \"a\"\n67 = \"b\"\n",
        ":3: ",
        &["67 is no option", "use 66, 160"],
    ),
    (
        "[options]\nstatic = { 66 = \"http://\" }\n",
        ":2: options.static.66: ",
        &["`http://` is no server"],
    ),
    (
        "[dns]\nservers = \"192.0.2.1, ns1\"\n",
        ":2: dns.servers: ",
        &["`ns1` is no address", "192.0.2.53"],
    ),
    (
        "[dns]\ndomain = \"a..b\"\n",
        ":2: dns.domain: ",
        &["`a..b` is no domain", "example.com"],
    ),
    (
        "[options.static]\n15 = \"a b\"\n",
        ":2: options.static.15: ",
        &["`a b` is no domain"],
    ),
    (
        "[directory]\nhost = \"https://h/\"\n",
        ":2: directory.host: ",
        &["is no host"],
    ),
    (
        "[tftp]\nlocal_ports = \"low\"\n",
        ":2: tftp.local_ports: ",
        &["`phone`", "`ephemeral`"],
    ),
    (
        "[tftp]\nstrip_leading_slash = \"perhaps\"\n",
        ":2: tftp.strip_leading_slash: ",
        &["`true`", "`false`"],
    ),
    (
        "[syslog]\ntransport = \"tls\"\n",
        ":2: syslog.transport: ",
        &["`udp`", "`tcp`"],
    ),
    (
        "[syslog]\nformat = \"bsd\"\n",
        ":2: syslog.format: ",
        &["`rfc3164`", "`rfc5424`"],
    ),
];

#[test]
fn mistakes_in_the_configuration_are_told_with_their_place() {
    let agent = Agent::new().unwrap();
    let file = agent.place("agent.toml").display().to_string();
    for (text, place, says) in MISTAKES {
        agent.configure(text).unwrap();
        let ended = agent.run(&["resync", "http://127.0.0.1:9/a"]).unwrap();
        assert_refused(&ended, 2, says);
        assert_refused(&ended, 2, &[&format!("error: {file}{place}")]);
        assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
    }
}

#[test]
fn files_that_the_configuration_names_are_told_when_they_are_of_no_use() {
    let agent = Agent::new().unwrap();
    let name = |name: &str| agent.place(name).display().to_string();
    let empty = name("empty");
    std::fs::write(&empty, "").unwrap();
    let missing = name("missing");
    for (text, key, says) in [
        (
            format!("[tls]\ntrust = {missing:?}\n"),
            "tls.trust",
            &[missing.as_str(), "cannot be read"][..],
        ),
        (
            format!("[tls]\ncustom_ca = {empty:?}\n"),
            "tls.custom_ca",
            &[&empty, "certificate"],
        ),
        (
            format!("[tls]\nclient_key = {empty:?}\n"),
            "tls.client_key",
            &["write tls.client_certificate too"],
        ),
        (
            format!("[tls]\nclient_certificate = {empty:?}\n"),
            "tls.client_certificate",
            &["write tls.client_key too"],
        ),
        (
            format!("[mobility]\npassword_file = {missing:?}\n"),
            "mobility.password_file",
            &[&missing, "who may read it"],
        ),
    ] {
        agent.configure(&text).unwrap();
        let ended = agent.run(&["resync", "http://127.0.0.1:9/a"]).unwrap();
        assert_refused(&ended, 2, says);
        let place = format!("error: {}:2: {key}: ", name("agent.toml"));
        assert_refused(&ended, 2, &[&place]);
    }
}

#[test]
fn no_mistake_makes_the_configuration_show_a_password() {
    let agent = Agent::new().unwrap();
    for text in [
        "[mobility]\npassword = \"canary\n",
        "[mobility]\npassword = [\"canary\"]\n",
        "[mobility]\npassword = { canary = 1 }\n",
        "[mobility]\npassword = \"canary\"\npassword_file = \"x\"\n",
        "[mobility]\npassword = \"canary\"\npassword = \"canary\"\n",
    ] {
        agent.configure(text).unwrap();
        let ended = agent.run(&["params", "list"]).unwrap();
        assert_refused(&ended, 2, &["agent.toml:"]);
        assert!(!format!("{ended:?}").contains("canary"), "{ended:?}");
    }
}

#[test]
fn mistakes_in_the_environment_are_told_with_their_variable() {
    for (name, value, says) in [
        (
            "ONHOOK__SYSLOG__SEVRER",
            "x",
            &["environment", "syslog.sevrer", "`server`"][..],
        ),
        ("ONHOOK__DEVICE", "x", &["environment", "write [device]"]),
        ("ONHOOK__OPTIONS__STATIC__67", "x", &["67 is no option"]),
        ("onhook__device__mac", "x", &["device.mac", "12 hex digits"]),
        (
            "ONHOOK__READINGS__TRIGGERS",
            "x",
            &["readings.triggers", "`fire`"],
        ),
    ] {
        let mut agent = Agent::new().unwrap();
        agent.set_variable(name, value);
        let ended = agent.run(&["params", "list"]).unwrap();
        assert_refused(&ended, 2, says);
        assert_refused(&ended, 2, &[&format!("error: {name}")]);
    }
}

#[test]
fn mistakes_on_the_command_line_are_told() {
    let agent = Agent::new().unwrap();
    for (command, says) in [
        (&["resnyc"][..], "resync"),
        (&["params", "set", "GPP_A"], "<VALUE>"),
        (&["resync", "@no-such-file"], "no-such-file"),
        (&["params", "get", "GPP_AB"], "did you mean `GPP_A`?"),
        (
            &["params", "set", "Resync_Periodc", "60"],
            "`Resync_Periodic`",
        ),
        (&["params", "set", "Resync_Periodic", "soon"], "seconds"),
    ] {
        let ended = agent.run(command).unwrap();
        assert_refused(&ended, 2, &[says]);
    }
}
