//! Configurations and command lines with mistakes.

use onhook_tests::Agent;

use super::assert_refused;

#[test]
fn mistakes_in_the_configuration_are_told_with_their_place() {
    let agent = Agent::new().unwrap();
    let file = agent.place("agent.toml").display().to_string();
    for (text, says) in [
        (
            "[device]\nmac = \"000e08012345\"\n\n[syslog]\nsevrer = \"x\"\n",
            &[":5: ", "syslog.sevrer", "`server`"][..],
        ),
        ("\n[devise]\n", &[":2: ", "devise", "`device`"]),
        ("[device]\nmac = \"00:0e\"\n", &["device.mac", "00:0e"]),
        ("[device\n", &["TOML"]),
        ("[device]\nfamily = \"pbx\"\n", &["device.family", "mpp"]),
        ("[device]\nrelease = \"9\"\n", &["device.release", "11.3"]),
        (
            "[device]\ntime_zone = \"Mars/Olympus\"\n",
            &["device.time_zone", "Mars/Olympus", "UTC"],
        ),
        (
            "[readings]\ntriggers = \"maybe\"\n",
            &["triggers", "fire", "gate"],
        ),
        (
            "[options]\nsource = \"dhcp\"\n",
            &["options.source", "static"],
        ),
    ] {
        agent.configure(text).unwrap();
        let ended = agent.run(&["resync", "http://127.0.0.1:9/a"]).unwrap();
        assert_refused(&ended, 2, says);
        if says[0].starts_with(':') {
            let place = format!("{file}{}", says[0]);
            assert_refused(&ended, 2, &[&place]);
        }
    }
}

#[test]
fn mistakes_in_the_environment_are_told() {
    let mut agent = Agent::new().unwrap();
    agent.set_variable("ONHOOK__SYSLOG__SEVRER", "x");
    let ended = agent.run(&["params", "list"]).unwrap();
    assert_refused(&ended, 2, &["environment", "syslog.sevrer", "`server`"]);
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
