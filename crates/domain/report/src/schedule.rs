//! When a report is wanted.

use onhook_device::MonoTime;

/// Shortest and longest period in seconds, and the one where none is set.
const PERIOD_S: [u32; 3] = [600, 2_592_000, 3600];
/// Shortest and longest delay after a local change in seconds, and the one where none is set.
const DELAY_S: [u32; 3] = [10, 900, 60];

/// What Report_to_Server says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub enum Schedule {
    /// When somebody asks, and after a restart.
    #[default]
    OnRequest,
    /// So many seconds after the first local change that was not reported.
    OnLocalChange(u32),
    /// Every so many seconds.
    Periodically(u32),
}

impl Schedule {
    /// Reads the texts of Report_to_Server, Upload_Delay_On_Local_Change and periodic_upload_to_server; numbers are brought into
    /// their ranges, and what is no number counts as not set.
    #[must_use]
    pub fn of(when: &str, delay: &str, period: &str) -> Self {
        //= R-RPT-4
        //= R-REPORT-5
        match when.trim() {
            word if word.eq_ignore_ascii_case("On Local Change") => {
                Self::OnLocalChange(seconds(delay, DELAY_S))
            }
            word if word.eq_ignore_ascii_case("Periodically") => {
                Self::Periodically(seconds(period, PERIOD_S))
            }
            _ => Self::OnRequest,
        }
    }
}

/// Shortest and longest time between two reports of problems in minutes.
const PROBLEM_MIN: [u32; 2] = [15, 1440];

impl Schedule {
    /// Reads the text of PRT_Max_Timer: minutes, brought into 15..=1440; 0, nothing and what is no number switch it off.
    #[must_use]
    pub fn of_problems(minutes: &str) -> Self {
        //= R-PRT-1
        let [least, most] = PROBLEM_MIN;
        match minutes.trim().parse::<u32>() {
            Ok(0) | Err(_) => Self::OnRequest,
            Ok(minutes) => Self::Periodically(minutes.clamp(least, most) * 60),
        }
    }
}

fn seconds(text: &str, [least, most, default]: [u32; 3]) -> u32 {
    text.trim()
        .parse::<u32>()
        .map_or(default, |seconds| seconds.clamp(least, most))
}

/// Why a report is wanted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Why {
    /// The phone has restarted.
    Restarted,
    /// The period is over.
    Period,
    /// Somebody has changed a setting at the phone or on its pages.
    LocalChange,
    /// Somebody asks for it.
    Asked,
}

impl Why {
    /// The word used in JSON and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Restarted => "restarted",
            Self::Period => "period",
            Self::LocalChange => "local-change",
            Self::Asked => "asked",
        }
    }
}

/// The reports of one phone. Several reasons that come before the report begins are one.
///
/// ```text
/// resting -> counting    a local change, or a period begins
/// counting -> wanted     timer, or a restart that would forget it
/// any -> wanted          somebody asks, or a restart
/// wanted -> under way    taken; whether it succeeds changes nothing: there is one attempt
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reports {
    schedule: Schedule,
    due: Option<MonoTime>,
    wanted: Option<Why>,
}

impl Reports {
    /// Those of a phone that has come up.
    #[must_use]
    pub fn at_boot(schedule: Schedule, now: MonoTime) -> Self {
        let mut reports = Self::default();
        reports.reschedule(schedule, now);
        //= R-RPT-5
        reports.wanted = (schedule == Schedule::OnRequest).then_some(Why::Restarted);
        reports
    }

    /// The schedule is another one, or the same.
    pub fn reschedule(&mut self, schedule: Schedule, now: MonoTime) {
        let counts = matches!(self.schedule, Schedule::OnLocalChange(_));
        if self.schedule == schedule {
            return;
        }
        self.schedule = schedule;
        self.due = match schedule {
            Schedule::OnRequest => None,
            // What counts already goes on.
            Schedule::OnLocalChange(_) => self.due.filter(|_| counts),
            Schedule::Periodically(period) => Some(now.plus_secs(u64::from(period))),
        };
    }

    /// Somebody changed a setting at the phone or on its pages; what a resync changes does not count.
    pub fn edited(&mut self, now: MonoTime) {
        //= R-RPT-8
        if let Schedule::OnLocalChange(delay) = self.schedule {
            self.due
                .get_or_insert_with(|| now.plus_secs(u64::from(delay)));
        }
    }

    /// Somebody asks for a report.
    pub fn ask(&mut self) {
        self.want(Why::Asked);
    }

    /// A restart is about to forget a change that was not reported: it is reported now. Whether there is one.
    pub fn hurry(&mut self) -> bool {
        if matches!(self.schedule, Schedule::OnLocalChange(_)) && self.due.take().is_some() {
            self.want(Why::LocalChange);
        }
        self.wanted >= Some(Why::LocalChange)
    }

    /// The time may have come.
    pub fn expire(&mut self, now: MonoTime) {
        let Some(due) = self.due.filter(|due| *due <= now) else {
            return;
        };
        match self.schedule {
            Schedule::OnRequest => self.due = None,
            Schedule::OnLocalChange(_) => {
                self.due = None;
                self.want(Why::LocalChange);
            }
            Schedule::Periodically(period) => {
                let next = due.plus_secs(u64::from(period));
                // Periods that nobody could wait for are left out.
                self.due = Some(if next > now {
                    next
                } else {
                    now.plus_secs(u64::from(period))
                });
                self.want(Why::Period);
            }
        }
    }

    /// Why a report is wanted, if one is.
    #[must_use]
    pub const fn wanted(&self) -> Option<Why> {
        self.wanted
    }

    /// The report that is wanted begins.
    pub fn take(&mut self) -> Option<Why> {
        self.wanted.take()
    }

    /// When [`Reports::expire`] is due; `None` while nothing is.
    #[must_use]
    pub const fn deadline(&self) -> Option<MonoTime> {
        self.due
    }

    fn want(&mut self, why: Why) {
        self.wanted = self.wanted.max(Some(why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: u64) -> MonoTime {
        MonoTime::from_secs(secs)
    }

    //= R-RPT-4 type=test
    //= R-REPORT-5 type=test
    #[test]
    fn numbers_are_brought_into_their_ranges() {
        for (when, delay, period, expected) in [
            ("On Request", "60", "3600", Schedule::OnRequest),
            ("", "", "", Schedule::OnRequest),
            ("on local change", "60", "1", Schedule::OnLocalChange(60)),
            ("On Local Change", "9", "", Schedule::OnLocalChange(10)),
            ("On Local Change", "901", "", Schedule::OnLocalChange(900)),
            ("On Local Change", "", "", Schedule::OnLocalChange(60)),
            // V-216
            ("Periodically", "", "100", Schedule::Periodically(600)),
            (
                "Periodically",
                "",
                "2592000",
                Schedule::Periodically(2_592_000),
            ),
            (
                "Periodically",
                "",
                "2592001",
                Schedule::Periodically(2_592_000),
            ),
            ("Periodically", "", "x", Schedule::Periodically(3600)),
        ] {
            assert_eq!(Schedule::of(when, delay, period), expected);
        }
    }

    //= R-PRT-1 type=test
    #[test]
    fn the_timer_of_problem_reports_is_off_or_within_its_range() {
        for (text, expected) in [
            ("", Schedule::OnRequest),
            ("0", Schedule::OnRequest),
            ("often", Schedule::OnRequest),
            ("-15", Schedule::OnRequest),
            ("1", Schedule::Periodically(900)),
            (" 15 ", Schedule::Periodically(900)),
            ("60", Schedule::Periodically(3600)),
            ("1440", Schedule::Periodically(86_400)),
            ("4294967295", Schedule::Periodically(86_400)),
        ] {
            assert_eq!(Schedule::of_problems(text), expected, "{text}");
        }
    }

    //= R-RPT-5 type=test
    #[test]
    fn a_restart_is_reported_on_request_only() {
        let wanted = |schedule| Reports::at_boot(schedule, at(5)).wanted();
        assert_eq!(wanted(Schedule::OnRequest), Some(Why::Restarted));
        assert_eq!(wanted(Schedule::OnLocalChange(60)), None);
        assert_eq!(wanted(Schedule::Periodically(600)), None);
    }

    //= R-RPT-8 type=test
    #[test]
    fn the_delay_counts_from_the_first_change() {
        // V-217
        let mut reports = Reports::at_boot(Schedule::OnLocalChange(60), at(0));
        assert_eq!(reports.deadline(), None);
        reports.edited(at(100));
        reports.edited(at(130));
        reports.expire(at(159));
        assert_eq!(reports.wanted(), None);
        reports.expire(at(160));
        assert_eq!(reports.take(), Some(Why::LocalChange));
        assert_eq!((reports.wanted(), reports.deadline()), (None, None));
        reports.edited(at(170));
        assert_eq!(reports.deadline(), Some(at(230)));
        for schedule in [Schedule::OnRequest, Schedule::Periodically(600)] {
            let mut reports = Reports::at_boot(schedule, at(0));
            reports.take();
            let before = reports;
            reports.edited(at(1));
            assert_eq!(reports, before);
        }
    }

    #[test]
    fn a_restart_hurries_a_change_and_nothing_else() {
        let mut reports = Reports::at_boot(Schedule::OnLocalChange(60), at(0));
        assert!(!reports.hurry());
        reports.edited(at(1));
        assert!(reports.hurry());
        assert_eq!(
            (reports.take(), reports.deadline()),
            (Some(Why::LocalChange), None)
        );
        assert!(!reports.hurry());
        let mut reports = Reports::at_boot(Schedule::Periodically(600), at(0));
        assert!(!reports.hurry());
        assert_eq!(reports.deadline(), Some(at(600)));
    }

    //= R-RPT-4 type=test
    #[test]
    fn periods_follow_each_other_and_what_was_missed_is_left_out() {
        let mut reports = Reports::at_boot(Schedule::Periodically(600), at(0));
        reports.expire(at(599));
        assert_eq!(reports.wanted(), None);
        reports.expire(at(603));
        assert_eq!(
            (reports.take(), reports.deadline()),
            (Some(Why::Period), Some(at(1200)))
        );
        reports.expire(at(9000));
        assert_eq!(
            (reports.take(), reports.deadline()),
            (Some(Why::Period), Some(at(9600)))
        );
    }

    #[test]
    fn another_schedule_counts_anew_and_the_same_goes_on() {
        let mut reports = Reports::at_boot(Schedule::Periodically(600), at(0));
        reports.reschedule(Schedule::Periodically(600), at(100));
        assert_eq!(reports.deadline(), Some(at(600)));
        reports.reschedule(Schedule::Periodically(700), at(100));
        assert_eq!(reports.deadline(), Some(at(800)));
        reports.reschedule(Schedule::OnLocalChange(60), at(110));
        assert_eq!(reports.deadline(), None);
        reports.edited(at(120));
        reports.reschedule(Schedule::OnLocalChange(90), at(130));
        assert_eq!(reports.deadline(), Some(at(180)));
        reports.reschedule(Schedule::OnRequest, at(140));
        assert_eq!((reports.deadline(), reports.wanted()), (None, None));
    }

    #[test]
    fn several_reasons_are_one_report() {
        let mut reports = Reports::at_boot(Schedule::OnRequest, at(0));
        reports.ask();
        reports.ask();
        assert_eq!(reports.take(), Some(Why::Asked));
        assert_eq!(reports.take(), None);
    }
}
