//! When a client wants to be woken: one time at most, though events of the queue cannot be taken back.

/// The next time, if there is one.
pub struct Alarm(Option<f64>);

impl Alarm {
    /// Not set.
    pub fn new() -> Alarm {
        Alarm(None)
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Sets it, unless it is set to an earlier time; tells the time if it is to be scheduled.
    pub fn set(&mut self, at: f64) -> Option<f64> {
        if self.0.is_some_and(|earlier| earlier <= at) {
            return None;
        }
        self.0 = Some(at);
        self.0
    }

    /// Whether it rings now, and not for a time that was replaced by an earlier one.
    pub fn rings(&mut self, now: f64) -> bool {
        self.0.take_if(|at| *at <= now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_time_replaces_a_later_one() {
        let mut alarm = Alarm::new();
        assert_eq!(alarm.set(5.0), Some(5.0));
        assert_eq!(alarm.set(6.0), None);
        assert_eq!(alarm.set(3.0), Some(3.0));
        assert!(!alarm.rings(2.0) && alarm.rings(3.0));
        assert!(!alarm.rings(5.0) && !alarm.is_set(), "the time that was replaced is void");
    }
}
