//! Whether a run was as expected, and if not, what was missed and by how much.

use crate::measure::Figures;
use crate::oracle::Balance;
use crate::scenario::Expect;

/// What was lost, which must not be anywhere.
pub fn lost(balance: &Balance) -> Vec<String> {
    let mut complaints = Vec::new();
    if balance.lost > 0 {
        complaints.push(format!("{} of {} acknowledged writes are lost, 0 expected", balance.lost, balance.acknowledged));
    }
    if balance.phantom > 0 {
        complaints.push(format!("{} writes are there that nobody asked for, 0 expected", balance.phantom));
    }
    complaints
}

/// Which expectations do not hold.
pub fn missed(expected: &[Expect], figures: &Figures) -> Vec<String> {
    expected.iter().filter_map(|expect| complaint(*expect, figures)).collect()
}

/// Whether a run says nothing: all that it missed is throughput, and the machine was not the same all the time.
pub fn is_spoiled(expected: &[Expect], figures: &Figures) -> bool {
    let mut missed = expected.iter().filter(|expect| complaint(**expect, figures).is_some()).peekable();
    missed.peek().is_some() && missed.all(Expect::is_of_throughput) && !figures.is_steady()
}

fn complaint(expect: Expect, figures: &Figures) -> Option<String> {
    let Figures { before, during, after, .. } = *figures;
    let by_reference = |part| format!(" ({} by the reference)", percent(part));
    match expect {
        Expect::Keeps(part) => at_least(part, figures.kept(), |found| {
            format!(
                "{during:.0} calls/s during the event are {} of the {before:.0} before{}",
                percent(during / before),
                by_reference(found)
            )
        }),
        Expect::Regains(part) => at_least(part, figures.regained(), |found| {
            format!(
                "{after:.0} calls/s at the end are {} of the {before:.0} before{}",
                percent(after / before),
                by_reference(found)
            )
        }),
        Expect::FailedCalls(most) => counted("calls failed", figures.failed_calls, most),
        Expect::LateAttempts(most) => counted("attempts went to a bad node after its trial", figures.late_attempts, most),
        Expect::BadShare(most) => (figures.bad_share > most).then(|| {
            format!("{} of the attempts went to a bad node, at most {} expected", percent(figures.bad_share), percent(most))
        }),
        Expect::Amplification(most) => (figures.amplification > most)
            .then(|| format!("{:.2} attempts per call while nodes were bad, at most {most:.2} expected", figures.amplification)),
    }
}

/// Not a number is less than anything: without calls before there is nothing to compare with.
fn at_least(wanted: f64, found: f64, say: impl Fn(f64) -> String) -> Option<String> {
    let holds = found >= wanted;
    (!holds).then(|| format!("{}, at least {} expected", say(found), percent(wanted)))
}

fn counted(what: &str, found: usize, most: usize) -> Option<String> {
    (found > most).then(|| format!("{found} {what}, at most {most} expected"))
}

fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Expect::*;

    fn figures() -> Figures {
        Figures {
            before: 400.0,
            during: 360.0,
            after: 380.0,
            reference_during: 1.0,
            reference_after: 1.0,
            failed_calls: 2,
            late_attempts: 1,
            bad_share: 0.02,
            amplification: 1.5,
            ..Figures::default()
        }
    }

    #[test]
    fn what_is_just_met_is_met() {
        let expected = [Keeps(0.9), Regains(0.95), FailedCalls(2), LateAttempts(1), BadShare(0.02), Amplification(1.5)];
        assert_eq!(missed(&expected, &figures()), [""; 0]);
    }

    #[test]
    fn what_is_missed_is_told_with_both_figures() {
        let expected = [Keeps(0.91), Regains(0.96), FailedCalls(1), LateAttempts(0), BadShare(0.01), Amplification(1.4)];
        assert_eq!(
            missed(&expected, &figures()),
            [
                "360 calls/s during the event are 90.0 % of the 400 before (90.0 % by the reference), at least 91.0 % expected",
                "380 calls/s at the end are 95.0 % of the 400 before (95.0 % by the reference), at least 96.0 % expected",
                "2 calls failed, at most 1 expected",
                "1 attempts went to a bad node after its trial, at most 0 expected",
                "2.0 % of the attempts went to a bad node, at most 1.0 % expected",
                "1.50 attempts per call while nodes were bad, at most 1.40 expected",
            ]
        );
    }

    #[test]
    fn what_the_machine_took_is_not_missed() {
        let slowed = Figures { during: 330.0, reference_during: 0.9, ..figures() };
        assert_eq!(missed(&[Keeps(0.9)], &slowed), [""; 0]);
        let hastened = Figures { after: 380.0, reference_after: 1.1, ..figures() };
        assert_eq!(
            missed(&[Regains(0.9)], &hastened),
            ["380 calls/s at the end are 95.0 % of the 400 before (86.4 % by the reference), at least 90.0 % expected"]
        );
    }

    #[test]
    fn only_a_machine_that_took_throughput_spoils_a_run() {
        let unsteady = Figures { during: 300.0, reference_during: 0.94, ..figures() };
        assert!(is_spoiled(&[Keeps(0.9)], &unsteady));
        assert!(is_spoiled(&[Keeps(0.9), FailedCalls(2)], &unsteady));
        assert!(!is_spoiled(&[Keeps(0.9), FailedCalls(1)], &unsteady), "failed calls stand");
        assert!(!is_spoiled(&[Keeps(0.7)], &unsteady), "nothing was missed");
        assert!(!is_spoiled(&[Keeps(0.9)], &Figures { reference_during: 0.95, ..unsteady }), "the machine was the same");
    }

    #[test]
    fn nothing_before_is_no_success() {
        let nothing = Figures { before: 0.0, during: 0.0, ..figures() };
        assert_eq!(missed(&[Keeps(0.9)], &nothing).len(), 1);
    }

    #[test]
    fn lost_and_phantom_writes_are_told() {
        assert_eq!(lost(&Balance { acknowledged: 9, ..Balance::default() }), [""; 0]);
        let bad = Balance { acknowledged: 9, ambiguous: 1, lost: 2, phantom: 3 };
        assert_eq!(
            lost(&bad),
            ["2 of 9 acknowledged writes are lost, 0 expected", "3 writes are there that nobody asked for, 0 expected"]
        );
    }
}
