//! Decides which faults fire, and says so to the supervisor through the caller.
//!
//! With no fault armed a request costs one relaxed load here.

use crate::faults::{Fault, Kind, Level, Path};
use crate::protocol::ArmedFault;
use parking_lot::RwLock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

#[derive(Default)]
pub struct Injection {
    armed: RwLock<Vec<Arc<Armed>>>,
    any: AtomicBool,
}

struct Armed {
    fault: Fault,
    fired: AtomicU64,
}

/// How the node treats new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Open,
    Refuse,
    Blackhole,
}

/// What happens to one request.
#[derive(Default)]
pub struct Fate {
    pub delay: Duration,
    pub fault: Option<Fault>,
    /// The ids of all faults that fired.
    pub fired: Vec<u64>,
}

impl Injection {
    /// Replaces the faults; one that was armed before goes on counting.
    pub fn arm(&self, faults: &[ArmedFault]) {
        let mut armed = self.armed.write();
        let renewed: Vec<_> = faults
            .iter()
            .map(|new| {
                armed
                    .iter()
                    .find(|old| old.fault.id == new.fault.id)
                    .cloned()
                    .unwrap_or_else(|| Arc::new(Armed { fault: new.fault.clone(), fired: AtomicU64::new(new.fired_before) }))
            })
            .collect();
        self.any.store(!renewed.is_empty(), Relaxed);
        *armed = renewed;
    }

    pub fn has(&self, id: u64) -> bool {
        self.armed.read().iter().any(|armed| armed.fault.id == id)
    }

    pub fn for_request(&self, path: Path, operation: Option<&str>) -> Fate {
        let mut fate = Fate::default();
        if !self.any.load(Relaxed) {
            return fate;
        }
        for armed in self.armed.read().iter() {
            let fault = &armed.fault;
            if fault.kind.level() != Level::Request || !fault.concerns(path, operation) {
                continue;
            }
            if fault.kind != Kind::Slow && fate.fault.is_some() {
                continue;
            }
            if !armed.fires() {
                continue;
            }
            fate.fired.push(fault.id);
            match fault.kind {
                Kind::Slow => fate.delay += Duration::from_millis(fault.ms.unwrap_or(0).max(0) as u64),
                _ => fate.fault = Some(fault.clone()),
            }
        }
        fate
    }

    pub fn for_connection(&self) -> Option<(u64, Kind)> {
        if !self.any.load(Relaxed) {
            return None;
        }
        let armed = self.armed.read();
        let hit = armed.iter().find(|armed| armed.fault.kind.level() == Level::Connection && armed.fires())?;
        Some((hit.fault.id, hit.fault.kind))
    }

    pub fn door(&self) -> Door {
        let armed = self.armed.read();
        let has = |kind| armed.iter().any(|armed| armed.fault.kind == kind);
        match (has(Kind::Blackhole), has(Kind::Refuse)) {
            (true, _) => Door::Blackhole,
            (false, true) => Door::Refuse,
            (false, false) => Door::Open,
        }
    }

    pub fn clock_skew_ms(&self) -> i64 {
        if !self.any.load(Relaxed) {
            return 0;
        }
        let armed = self.armed.read();
        armed.iter().filter(|armed| armed.fault.kind == Kind::ClockSkew).filter_map(|armed| armed.fault.ms).sum()
    }
}

impl Armed {
    fn fires(&self) -> bool {
        let lucky = self.fault.probability.is_none_or(|p| fastrand::f64() < p);
        lucky
            && self
                .fired
                .fetch_update(Relaxed, Relaxed, |fired| self.fault.count.is_none_or(|limit| fired < limit).then_some(fired + 1))
                .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn armed(faults: &[&str]) -> Injection {
        let injection = Injection::default();
        injection.arm(&parsed(faults));
        injection
    }

    fn parsed(faults: &[&str]) -> Vec<ArmedFault> {
        faults
            .iter()
            .zip(1..)
            .map(|(json, id)| {
                let mut fault: Fault = serde_json::from_str(json).expect("a fault");
                fault.id = id;
                ArmedFault { fault, fired_before: 0 }
            })
            .collect()
    }

    #[test]
    fn delays_add_up_and_the_first_other_fault_acts() {
        let injection = armed(&[
            r#"{"kind":"slow","ms":5}"#,
            r#"{"kind":"reset"}"#,
            r#"{"kind":"slow","ms":7,"path":"any"}"#,
            r#"{"kind":"hang"}"#,
        ]);
        let fate = injection.for_request(Path::Api, Some("GetItem"));
        assert_eq!(fate.delay, Duration::from_millis(12));
        assert_eq!(fate.fault.map(|f| f.kind), Some(Kind::Reset));
        assert_eq!(fate.fired, [1, 2, 3]);
        assert_eq!(injection.for_request(Path::Health, None).fired, [3]);
    }

    #[test]
    fn a_limited_fault_keeps_its_count_when_others_come_and_go() {
        let faults = [r#"{"kind":"error","count":2}"#, r#"{"kind":"slow","ms":1,"operation":"Scan"}"#];
        let injection = armed(&faults[..1]);
        let fires = || injection.for_request(Path::Api, None).fault.is_some();
        assert!(fires());
        injection.arm(&parsed(&faults));
        assert!(fires());
        assert!(!fires());
    }

    #[test]
    fn a_fault_that_fired_before_a_restart_does_not_start_anew() {
        let injection = Injection::default();
        let mut faults = parsed(&[r#"{"kind":"error","count":2}"#]);
        faults[0].fired_before = 2;
        injection.arm(&faults);
        assert!(injection.for_request(Path::Api, None).fault.is_none());
    }

    #[test]
    fn probability_is_a_share_of_requests() {
        let injection = armed(&[r#"{"kind":"error","probability":0.25}"#]);
        let fired = (0..4000).filter(|_| injection.for_request(Path::Api, None).fault.is_some()).count();
        assert!((800..1200).contains(&fired), "{fired}");
    }
}
