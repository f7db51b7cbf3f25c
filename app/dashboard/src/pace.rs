//! How quickly an upload goes: its last seconds, over all the requests it is sent in.

use std::collections::VecDeque;

/// The span that is looked at, in milliseconds: long enough to be calm, short enough to notice a change of the line.
const WINDOW: f64 = 8_000.0;
/// How much of it has to be there before anything is said, in milliseconds.
const LEAST: f64 = 1_000.0;
/// How far two looks are apart at least, in milliseconds: figures that change more often can't be read, and so few are kept.
const STEP: f64 = 250.0;

/// What was sent when, of the last [`WINDOW`].
#[derive(Debug, Default)]
pub struct Pace {
    /// Milliseconds of any clock, with the bytes that were sent by then; the oldest first.
    seen: VecDeque<(f64, f64)>,
}

impl Pace {
    /// Takes note that `sent` bytes of the whole are there at `now`, in milliseconds. Gives the bytes a second of the last seconds; `None`
    /// until there is a second to look at, and too soon after the look before.
    pub fn moved(&mut self, now: f64, sent: f64) -> Option<f64> {
        if let Some(&(at, before)) = self.seen.back() {
            // The server has less than was thought, or somebody set the clock: what was seen says nothing of what comes.
            if sent < before || now < at {
                self.seen.clear();
            } else if now - at < STEP {
                return None;
            }
        }
        self.seen.push_back((now, sent));
        // What begins the window may be older than it: a slow line moves seldom.
        while self.seen.get(1).is_some_and(|&(at, _)| now - at >= WINDOW) {
            self.seen.pop_front();
        }
        let &(since, before) = self.seen.front()?;
        let time = now - since;
        (time >= LEAST).then(|| (sent - before) * 1_000.0 / time)
    }

    /// Begins anew: time in which nothing was meant to flow is no time of the line.
    pub fn rest(&mut self) {
        self.seen.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: f64 = 1_048_576.0;

    /// The last that is said of a line of so many bytes a second, told every `step` milliseconds from `from` until `to`.
    fn run(pace: &mut Pace, speed: f64, step: usize, from: u32, to: u32) -> Option<f64> {
        (from..=to).step_by(step).filter_map(|now| pace.moved(now.into(), f64::from(now) * speed / 1_000.0)).last()
    }

    #[test]
    fn pieces_that_take_no_time_show_their_speed() {
        // A piece of 16 MiB every fifth of a second, as a local network sends them.
        let mut pace = Pace::default();
        let told: Vec<_> = (0..=10).map(|piece| pace.moved(f64::from(piece) * 200.0, f64::from(piece) * 16.0 * MIB)).collect();
        assert!(told[..5].iter().all(Option::is_none), "a second is the least: {told:?}");
        let last = told.into_iter().flatten().last().expect("two seconds are enough");
        assert!((last / MIB - 80.0).abs() < 1.0, "{last}");
    }

    #[test]
    fn the_last_seconds_count() {
        let mut pace = Pace::default();
        assert!((run(&mut pace, 4.0 * MIB, 50, 0, 20_000).unwrap() / MIB - 4.0).abs() < 0.1);
        // The line becomes a quarter as fast; what was sent goes on where it was.
        let slower: Vec<_> = (1..=200_u32)
            .filter_map(|tick| pace.moved(20_000.0 + f64::from(tick) * 50.0, 80.0 * MIB + f64::from(tick) * MIB / 20.0))
            .collect();
        assert!(slower.windows(2).all(|two| two[1] <= two[0] + 1.0), "it goes down without a jump: {slower:?}");
        assert!((slower.last().unwrap() / MIB - 1.0).abs() < 0.1, "{slower:?}");
        assert!(slower.len() <= 40, "four looks a second are enough");
    }

    #[test]
    fn a_slow_line_has_a_speed_too() {
        // News every ten seconds only.
        let mut pace = Pace::default();
        assert_eq!(pace.moved(0.0, 0.0), None);
        assert_eq!(pace.moved(10_000.0, 50_000.0), Some(5_000.0));
        assert_eq!(pace.moved(20_000.0, 200_000.0), Some(15_000.0));
    }

    #[test]
    fn a_rest_and_lost_bytes_begin_anew() {
        let mut pace = Pace::default();
        run(&mut pace, MIB, 100, 0, 5_000).unwrap();
        pace.rest();
        assert_eq!(pace.moved(60_000.0, 5.0 * MIB), None);
        assert_eq!(pace.moved(62_000.0, 7.0 * MIB), Some(MIB));
        // The connection broke, and the server knows of five MiB alone.
        assert_eq!(pace.moved(63_000.0, 5.0 * MIB), None);
        assert_eq!(pace.moved(65_000.0, 9.0 * MIB), Some(2.0 * MIB));
        // The clock was set back.
        assert_eq!(pace.moved(1_000.0, 10.0 * MIB), None);
    }
}
