//! Explaining a list of delays.

use onhook_device::ErrorRetryZero;
use onhook_schedule::DelayList;

use super::{ExplainError, ExplainKind, ExplainRequest, Explanation, Outcome, Step};

/// Longer lists are cut here.
const MOST_SHOWN: u32 = 1000;

/// Explains a schedule, which is not expanded.
pub(super) fn explain(request: &ExplainRequest<'_>) -> Explanation {
    let (text, scope) = (request.text, request.scope);
    let mut document = Explanation::new(ExplainKind::Schedule);
    text.clone_into(&mut document.text);
    text.clone_into(&mut document.expanded);
    let list = match DelayList::parse(text) {
        Ok(list) => list,
        Err(error) => {
            document.outcome = Outcome::Error;
            document.error = Some(ExplainError {
                code: error.code().name(),
                message: format!("the schedule cannot be read; expected {}", error.expected()),
                offset: error.offset(),
            });
            return document;
        }
    };
    for index in 0..list.len().min(MOST_SHOWN) {
        let Some(delay) = list.element(index) else {
            break;
        };
        document.outcome = match (index, delay.is_zero()) {
            (0, true) => Outcome::Nothing,
            _ => Outcome::True,
        };
        let min = u64::from(delay.base);
        let max = min + u64::from(delay.span);
        document.steps.push(Step::Delay {
            number: index + 1,
            min,
            max,
            // The first delay begins now, the others when the ones before have ended.
            earliest: request.time_after(min).filter(|_| index == 0),
            latest: request.time_after(max).filter(|_| index == 0),
            //= R-SCHED-2
            repeats: index + 1 == list.len() && !delay.is_zero(),
            stops: delay.is_zero(),
        });
        if delay.is_zero() {
            //= R-SCHED-6
            let reading = match scope.readings.error_retry_zero {
                ErrorRetryZero::Never => "never",
                ErrorRetryZero::Immediate => "immediate",
            };
            document.readings.insert("error_retry_zero", reading);
            break;
        }
    }
    document
}
