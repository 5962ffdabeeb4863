//! What happens in a world besides the phone: people, calls, networks, power.

use onhook_device::{ErrorRetryZero, ForcedResync, Readings, TriggerMode, TriggerUrlValue};
use onhook_params::{ParamId, Secrecy, known, secrecy};
use onhook_phone::{Command, Fact, Input, LineUse, Origin, Registration};

use super::chance::Chance;
use super::{Event, World};

/// Something that happens to a phone.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    PowerOn,
    /// For so many seconds.
    PowerCut(u64),
    Line(u8, LineUse),
    Registration(u8, Registration),
    /// So many requests at once.
    Resync(u64),
    ResyncWith(&'static str),
    Edit(Origin, &'static str, &'static str),
    Restart(Origin),
    /// Somebody asks for the custom CA.
    UpdateCa(Option<&'static str>),
    /// The wall clock is set to so many seconds off the world's, or forgotten.
    Clock(Option<i64>),
    Address(u8),
    /// The server goes down, or comes back.
    Server,
    /// A completion that nobody waits for.
    Stale,
    /// An upgrade is asked for, with a rule of its own or with the configured one.
    Upgrade(Option<&'static str>),
    RestartWarm,
    FactoryReset,
    /// A report is asked for.
    Report,
}

/// Readings, each with any of its values.
pub(super) fn readings(readings: &mut Readings, chance: &mut Chance) {
    if chance.one_in(3) {
        readings.forced_resync = ForcedResync::MaxWait;
    }
    if chance.one_in(3) {
        readings.triggers = TriggerMode::Gate;
    }
    if chance.one_in(4) {
        readings.error_retry_zero = match readings.error_retry_zero {
            ErrorRetryZero::Never => ErrorRetryZero::Immediate,
            ErrorRetryZero::Immediate => ErrorRetryZero::Never,
        };
    }
    if chance.one_in(4) {
        readings.trigger_url_value = TriggerUrlValue::ResyncOnce;
    }
    readings.zero_retry_keeps_periodic = !chance.one_in(3);
}

/// What the phone holds at first.
pub(super) fn configuration(chance: &mut Chance) -> Vec<(&'static str, &'static str)> {
    let mut settings = vec![
        (
            "Profile_Rule",
            chance.text(&[
                "http://h/p?$PRVST",
                "[--key $SA] http://h/p?$PRVST",
                "http://h/p?$PRVST",
            ]),
        ),
        ("GPP_SA", "CANARY-register"),
    ];
    let choices: [(&str, &[&str]); 16] = [
        (
            "Report_Rule",
            &[
                "",
                "",
                "[--delta] http://h/report",
                "[--pwd CANARY-report] /r [--status] http://h/s",
                "( $A eq x",
            ],
        ),
        (
            "Report_To_Server",
            &["On Request", "On Local Change", "Periodically"],
        ),
        (
            "Resync_Periodic",
            &["0", "60", "600,1200", "3600", "3600+600", "30+30", "500,0"],
        ),
        (
            "Resync_Error_Retry_Delay",
            &["0", "60", "60,120,240", "10+5", "3600", "30,0"],
        ),
        ("Resync_At__HHmm_", &["", "", "0230", "1200"]),
        ("Resync_At_Random_Delay", &["0", "600", "7200"]),
        ("Resync_Random_Delay", &["0", "2", "600"]),
        ("Forced_Resync_Delay", &["0", "60", "300", "14400"]),
        (
            "Resync_Trigger_1",
            &[
                "",
                "",
                "$PRVTMR ge 600",
                "1 eq 2",
                "1 eq x",
                "\"$A\" eq \"go\"",
            ],
        ),
        ("Resync_Trigger_2", &["", "", "$REGTMR1 gt 300", "1 eq 1"]),
        (
            "Profile_Rule_B",
            &[
                "",
                "",
                "http://h/b?$PRVST",
                "( $A eq 1 )? http://h/b?$PRVST",
            ],
        ),
        ("Profile_Rule_C", &["", "", "", "( a = b )! http://h/c"]),
        (
            "Custom_CA_Rule",
            &["", "", "http://h/ca", "[--pwd CANARY-ca] /ca"],
        ),
        ("Resync_On_Reset", &["Yes", "Yes", "No"]),
        ("Time_Zone", &["GMT+01:00", "GMT-08:00", "GMT+05:45"]),
        ("Daylight_Saving_Time_Enable", &["Yes", "No"]),
    ];
    for (name, values) in choices {
        settings.push((name, chance.text(values)));
    }
    settings
}

/// What happens in so many seconds.
pub(super) fn acts(seconds: u64, chance: &mut Chance) -> Vec<(u64, Act)> {
    let mut acts = Vec::new();
    for _ in 0..chance.below(40) {
        let at = chance.below(seconds);
        match chance.below(19) {
            0..=4 => {
                let line = 1 + chance.below(3) as u8;
                let line_use = if chance.one_in(4) {
                    LineUse::Emergency
                } else {
                    LineUse::Busy
                };
                let span = chance.of(&[1, 100, 3000, 20_000]).unwrap_or(100);
                acts.push((at, Act::Line(line, line_use)));
                acts.push((at + 1 + chance.below(span), Act::Line(line, LineUse::Idle)));
            }
            5 => {
                let line = 1 + chance.below(2) as u8;
                acts.push((at, Act::Registration(line, Registration::Unregistered)));
                acts.push((
                    at + chance.below(2000),
                    Act::Registration(line, Registration::Registered),
                ));
            }
            6 => acts.push((at, Act::Resync(if chance.one_in(4) { 50 } else { 1 }))),
            7 => acts.push((
                at,
                Act::ResyncWith(chance.text(&["http://h/given?$PRVST", "[--key", ""])),
            )),
            8 => acts.push((
                at,
                Act::Edit(Origin::Control, "GPP_A", chance.text(&["1", "go", "3"])),
            )),
            9 => acts.push((
                at,
                Act::Edit(
                    Origin::Control,
                    "Provision_Enable",
                    chance.text(&["Yes", "Yes", "No"]),
                ),
            )),
            10 => {
                acts.push((
                    at,
                    Act::Edit(
                        Origin::Page,
                        "Profile_Rule_B",
                        chance.text(&["http://h/b?$PRVST", "http://h/b2?$PRVST"]),
                    ),
                ));
                acts.push((at + 1, Act::Restart(Origin::Page)));
            }
            11 => acts.push((at, Act::Restart(Origin::Control))),
            12 => acts.push((at, clock(chance))),
            13 => acts.push((at, Act::Address(chance.below(3) as u8))),
            14 => acts.push((at, custom_ca(chance))),
            15 => {
                acts.push((at, Act::Server));
                acts.push((at + chance.below(7200), Act::Server));
            }
            16 => acts.push((at, Act::Report)),
            17 => acts.push((at, report_rule(chance))),
            _ => acts.push((
                at,
                if chance.one_in(2) {
                    Act::Stale
                } else {
                    Act::PowerCut(chance.below(3000))
                },
            )),
        }
    }
    acts
}

/// Somebody changes where reports go.
fn report_rule(chance: &mut Chance) -> Act {
    let origin = chance.of(&[Origin::Page, Origin::Screen]);
    Act::Edit(
        origin.unwrap_or(Origin::Page),
        "Report_Rule",
        chance.text(&["", "http://h/report", "[--delta] /r"]),
    )
}

/// What happens to a phone with slots in so many seconds, besides the rest.
pub(super) fn firmware_acts(seconds: u64, chance: &mut Chance) -> Vec<(u64, Act)> {
    let mut acts = Vec::new();
    for _ in 0..chance.below(8) {
        let at = chance.below(seconds);
        let act = match chance.below(6) {
            0 => Act::Upgrade(None),
            1 => Act::Upgrade(Some(chance.text(&[
                "http://h/sip88xx.12-0-2MPP0001-7.loads",
                "/sip88xx.11-3-2MPP0001-609.loads",
                "[--uid",
                "",
            ]))),
            2 => Act::RestartWarm,
            3 if chance.one_in(3) => Act::FactoryReset,
            _ => {
                let (name, values): (_, &[&str]) = match chance.below(2) {
                    0 => ("Upgrade_Enable", &["Yes", "No"]),
                    _ => ("Upgrade_Error_Retry_Delay", &["60", "600,1200", "0"]),
                };
                Act::Edit(Origin::Control, name, chance.text(values))
            }
        };
        acts.push((at, act));
    }
    acts
}

fn clock(chance: &mut Chance) -> Act {
    Act::Clock(match chance.below(4) {
        0 => None,
        _ => Some(chance.below(7200) as i64 - 3600),
    })
}

fn custom_ca(chance: &mut Chance) -> Act {
    let (name, rule) = ("Custom_CA_Rule", ["", "http://h/ca2"]);
    match chance.below(4) {
        0 | 1 => Act::Edit(Origin::Control, name, chance.text(&rule)),
        2 => Act::UpdateCa(None),
        _ => Act::UpdateCa(Some(chance.text(&["http://h/given-ca", "[--key"]))),
    }
}

impl World {
    fn ask(&mut self, seat: usize, origin: Origin, command: Command) {
        self.handle(seat, Input::Command(origin, command));
    }

    pub(super) fn act(&mut self, seat: usize, act: Act) {
        self.note(seat, "!", &act);
        let now_ms = self.now_ms;
        let Some(place) = self.seats.get_mut(seat) else {
            return;
        };
        match act {
            Act::PowerOn => {
                if let Some(input) = place.power_on(now_ms, &mut self.shared) {
                    self.handle(seat, input);
                }
            }
            Act::PowerCut(seconds) => {
                place.power_cut(&mut self.chance, &mut self.shared);
                self.push(
                    now_ms + 1000 + seconds * 1000,
                    seat,
                    Event::Act(Act::PowerOn),
                );
            }
            Act::Server => self.server.turn(),
            Act::Clock(ahead_s) => {
                place.ahead_s = ahead_s;
                self.handle(seat, Input::ClockSet);
            }
            Act::Line(line, line_use) => self.handle(seat, Input::Line(line, line_use)),
            Act::Registration(line, registration) => {
                self.handle(seat, Input::Registration(line, registration));
            }
            Act::Address(last) => {
                let address = Some([192, 0, 2, last].into());
                self.handle(seat, Input::Fact(Fact::Address(address)));
            }
            Act::Resync(times) => {
                for _ in 0..times {
                    self.handle(seat, Input::Command(Origin::Control, Command::Resync));
                }
            }
            Act::ResyncWith(rule) => {
                if let Some(rule) = self.shared.values.intern(rule, Secrecy::Secret) {
                    self.handle(
                        seat,
                        Input::Command(Origin::Control, Command::ResyncWith(rule)),
                    );
                }
            }
            Act::Edit(origin, name, value) => {
                let id = ParamId::lookup(name, &place.scope).unwrap_or(known::GPP[0]);
                if let Some(value) = self.shared.values.intern(value, secrecy(id)) {
                    self.handle(seat, Input::Command(origin, Command::Set(id, value)));
                }
            }
            Act::UpdateCa(rule) => {
                let values = &mut self.shared.values;
                let rule = rule.and_then(|rule| values.intern(rule, Secrecy::Secret));
                let command = Command::UpdateCa(rule);
                self.handle(seat, Input::Command(Origin::Control, command));
            }
            Act::Restart(origin) => self.ask(seat, origin, Command::Restart),
            Act::RestartWarm => self.ask(seat, Origin::Control, Command::RestartWarm),
            Act::FactoryReset => self.ask(seat, Origin::Control, Command::FactoryReset),
            Act::Report => self.ask(seat, Origin::Sip, Command::Report),
            Act::Upgrade(rule) => {
                if let Some(shelf) = &mut place.shelf {
                    shelf.ask();
                }
                let rule = rule.and_then(|rule| self.shared.values.intern(rule, Secrecy::Secret));
                let command = Command::Upgrade(rule);
                self.handle(seat, Input::Command(Origin::Control, command));
            }
            Act::Stale => {
                let input = place.stale(&mut self.chance, &mut self.shared);
                self.handle(seat, input);
            }
        }
    }
}
