//! The states of a phone out of the box.

use onhook_discovery::{Customization, Happened};

//= R-OOB-2 type=test
//= R-OOB-3 type=test
//= R-OOB-6 type=test
#[test]
fn the_states_of_a_phone_out_of_the_box() {
    use Customization::{Aborted, Acquired, CustomPending, Open, Pending, Unavailable};
    use Happened::{Applied, Asked, Provisioned, Redirected, Unknown};
    for (from, happened, to) in [
        (Open, Provisioned, Aborted),
        (Open, Asked, Pending),
        (Pending, Asked, Pending),
        (Pending, Redirected, CustomPending),
        (Pending, Unknown, Unavailable),
        (Pending, Provisioned, Aborted),
        (CustomPending, Applied, Acquired),
        (CustomPending, Provisioned, Aborted),
        (CustomPending, Asked, CustomPending),
        (Unavailable, Provisioned, Aborted),
        (Unavailable, Asked, Pending),
        (Open, Applied, Open),
        (Acquired, Provisioned, Acquired),
        (Acquired, Asked, Acquired),
        (Aborted, Asked, Aborted),
        (Aborted, Redirected, Aborted),
    ] {
        assert_eq!(from.after(happened), to, "{from:?}, {happened:?}");
    }
    for state in [Open, Aborted, Pending, CustomPending, Acquired, Unavailable] {
        assert_eq!(Customization::from_number(state.number()), Some(state));
        assert_eq!(state.searches(), matches!(state, Open | Pending));
    }
    assert_eq!(Customization::from_number(6), None);
}
