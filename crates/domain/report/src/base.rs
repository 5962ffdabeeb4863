//! What has changed since the last report.

use onhook_params::{Entry, ParamId, ValueId, Values};

/// The former values of what has changed, each counting one use (R-RPT-3).
///
/// A parameter that has its former value again has not changed.
#[derive(Debug, Default)]
pub struct DeltaBase {
    /// Since the base, or since the report under way began.
    since: Former,
    /// Before the report under way began.
    sent: Option<Former>,
}

/// Former own values in order of parameter; `None` for an inherited one.
#[derive(Debug, Default)]
struct Former(Vec<(ParamId, Option<ValueId>)>);

impl Former {
    fn find(&self, id: ParamId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |(id, _)| *id)
    }

    fn release(&mut self, values: &mut Values) {
        for value in self.0.drain(..).filter_map(|(_, value)| value) {
            values.release(value);
        }
    }

    fn differing(
        &self,
        own: impl Fn(ParamId) -> Option<ValueId>,
        values: &Values,
    ) -> impl Iterator<Item = ParamId> {
        let changed = self.0.iter().filter(move |(id, former)| {
            let same = match (own(*id), *former) {
                (Some(own), Some(former)) => values.same(own, former),
                (own, former) => own == former,
            };
            !same
        });
        changed.map(|(id, _)| *id)
    }
}

impl DeltaBase {
    /// Notes parameters that are about to change; `own` gives the value that each has of its own.
    pub fn note(
        &mut self,
        changes: &[Entry],
        own: impl Fn(ParamId) -> Option<ValueId>,
        values: &mut Values,
    ) {
        for change in changes {
            let former = own(change.id);
            if former == change.value {
                continue;
            }
            // A profile brings parameters in order, and most often the first of them all.
            let place = match self.since.0.last() {
                Some((last, _)) if *last >= change.id => self.since.find(change.id),
                Some(_) | None => Err(self.since.0.len()),
            };
            if let Err(at) = place {
                if let Some(value) = former {
                    values.retain(value);
                }
                self.since.0.insert(at, (change.id, former));
            }
        }
    }

    /// What has changed, in order of parameter; what changes while a report is under way belongs to the next one.
    pub fn changed(
        &self,
        own: impl Fn(ParamId) -> Option<ValueId>,
        values: &Values,
    ) -> impl Iterator<Item = ParamId> {
        //= R-RPT-3
        let former = self.sent.as_ref().unwrap_or(&self.since);
        former.differing(own, values)
    }

    /// A report begins.
    pub fn begin(&mut self, values: &mut Values) {
        let since = std::mem::take(&mut self.since);
        if let Some(mut old) = self.sent.replace(since) {
            old.release(values);
        }
    }

    /// It has arrived: what it told is the base from now on.
    pub fn arrived(&mut self, values: &mut Values) {
        if let Some(mut sent) = self.sent.take() {
            sent.release(values);
        }
    }

    /// It has not: the base is what it was.
    pub fn lost(&mut self, values: &mut Values) {
        let Some(sent) = self.sent.take() else {
            return;
        };
        for (id, former) in sent.0 {
            match self.since.find(id) {
                // The older one counts.
                Ok(at) => {
                    let newer = self.since.0.get_mut(at).map(|entry| &mut entry.1);
                    let newer = newer.and_then(|entry| std::mem::replace(entry, former));
                    if let Some(newer) = newer {
                        values.release(newer);
                    }
                }
                Err(at) => self.since.0.insert(at, (id, former)),
            }
        }
    }

    /// What is held now is the base.
    pub fn reset(&mut self, values: &mut Values) {
        self.since.release(values);
        self.arrived(values);
    }
}

#[cfg(test)]
mod tests {
    use onhook_params::{Mark, Secrecy, known};

    use super::*;

    /// One parameter with the value it has.
    struct Held {
        values: Values,
        base: DeltaBase,
        own: Option<ValueId>,
    }

    impl Held {
        fn new() -> Self {
            Self {
                values: Values::default(),
                base: DeltaBase::default(),
                own: None,
            }
        }

        fn set(&mut self, text: Option<&str>) {
            let value = text.and_then(|text| {
                let mut value = None;
                let texts = [(text, Secrecy::Plain)];
                self.values.intern_all(texts, |added| value = added);
                value
            });
            let change = Entry {
                id: known::GPP_A,
                access: None,
                mark: Mark::None,
                value,
            };
            let own = self.own;
            self.base.note(&[change], |_| own, &mut self.values);
            if let Some(old) = std::mem::replace(&mut self.own, value) {
                self.values.release(old);
            }
        }

        fn is_changed(&self) -> bool {
            self.base.changed(|_| self.own, &self.values).next() == Some(known::GPP_A)
        }
    }

    //= R-RPT-3 type=test
    #[test]
    fn what_a_report_told_is_not_told_again() {
        let mut held = Held::new();
        assert!(!held.is_changed());
        held.set(Some("one"));
        assert!(held.is_changed());
        held.base.begin(&mut held.values);
        assert!(held.is_changed(), "the report under way tells it");
        held.base.arrived(&mut held.values);
        assert!(!held.is_changed());
        held.set(None);
        assert!(held.is_changed());
        held.base.reset(&mut held.values);
        assert!(!held.is_changed());
    }

    //= R-RPT-3 type=test
    #[test]
    fn what_changes_back_has_not_changed() {
        let mut held = Held::new();
        held.set(Some("one"));
        held.base.reset(&mut held.values);
        held.set(Some("two"));
        held.set(Some("one"));
        assert!(!held.is_changed());
    }

    //= R-RPT-3 type=test
    #[test]
    fn a_text_that_comes_back_under_another_id_has_not_changed() {
        let mut held = Held::new();
        held.values = Values::forgetful(0, 1);
        held.set(Some("one"));
        held.base.reset(&mut held.values);
        let first = held.own;
        for text in ["two", "three", "one"] {
            held.set(Some(text));
        }
        assert_ne!(held.own, first);
        assert!(!held.is_changed());
    }

    //= R-RPT-3 type=test
    #[test]
    fn a_report_that_was_lost_told_nothing() {
        let mut held = Held::new();
        held.set(Some("one"));
        held.base.begin(&mut held.values);
        held.base.lost(&mut held.values);
        assert!(held.is_changed());
        held.base.begin(&mut held.values);
        held.set(Some("two"));
        held.base.lost(&mut held.values);
        assert!(held.is_changed());
        held.set(None);
        assert!(!held.is_changed(), "the base is the value before both");
    }

    //= R-RPT-3 type=test
    #[test]
    fn what_changes_during_a_report_belongs_to_the_next() {
        let mut held = Held::new();
        held.set(Some("one"));
        held.base.begin(&mut held.values);
        held.set(Some("two"));
        held.base.arrived(&mut held.values);
        assert!(held.is_changed());
    }

    #[test]
    fn no_use_is_forgotten() {
        let mut held = Held::new();
        for arrives in [true, false] {
            held.set(Some("one"));
            held.base.begin(&mut held.values);
            held.set(Some("two"));
            match arrives {
                true => held.base.arrived(&mut held.values),
                false => held.base.lost(&mut held.values),
            }
        }
        held.set(None);
        held.base.reset(&mut held.values);
        held.values.sweep_all();
        assert!(held.values.is_empty(), "a use was forgotten");
    }
}
