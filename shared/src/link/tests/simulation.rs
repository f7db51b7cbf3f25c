//! Random interleavings: whatever visitors, clocks and crashes do, the rules hold.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Act {
    View {
        cookie: bool,
    },
    Claim {
        who: u8,
    },
    Open {
        who: u8,
        range: Option<Range>,
        head: bool,
        prefetch: bool,
        hit: bool,
    },
    /// A part, in 256ths, of what a stream may send now.
    Flow {
        stream: usize,
        part: u8,
    },
    Advance {
        stream: usize,
    },
    /// The gateway asks again for what it was granted, or asks early.
    Early {
        stream: usize,
    },
    Close {
        stream: usize,
        exact: bool,
    },
    /// The gateway forgets the stream; its bytes have left.
    Crash {
        stream: usize,
    },
    StorageFailed {
        stream: usize,
    },
    /// The end of a stream is told again, with other numbers.
    Again {
        stream: u64,
        sent: u64,
    },
    Revoke,
    Expire,
    Wait {
        milliseconds: i64,
    },
    /// Another link of the purchase records something.
    OtherLink,
}

fn size() -> impl Strategy<Value = u64> {
    prop_oneof![
        0_u64..4,
        1_u64..100_000,
        (1_u64..40, 0_u64..3).prop_map(|(segments, more)| segments * 4 * MIB + more - 1),
        1_u64..(1 << 40)
    ]
}

fn range() -> impl Strategy<Value = Option<Range>> {
    let offset = || prop_oneof![0_u64..4, 0_u64..(200 * MIB), any::<u64>()];
    prop_oneof![
        3 => Just(None),
        2 => Just(Some(Range::From(0))),
        3 => offset().prop_map(|first| Some(Range::From(first))),
        2 => (offset(), offset()).prop_map(|(one, other)| Some(Range::Between(one.min(other), one.max(other)))),
        1 => offset().prop_map(|length| Some(Range::Suffix(length))),
        1 => prop_oneof![Just(Some(Range::Multiple)), Just(Some(Range::Bad))],
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let stream = 0_usize..8;
    prop_oneof![
        2 => any::<bool>().prop_map(|cookie| Act::View { cookie }),
        3 => (0_u8..3).prop_map(|who| Act::Claim { who }),
        10 => (0_u8..3, range(), prop::bool::weighted(0.1), prop::bool::weighted(0.1), prop::bool::weighted(0.1))
            .prop_map(|(who, range, head, prefetch, hit)| Act::Open { who, range, head, prefetch, hit }),
        12 => (stream.clone(), prop_oneof![Just(255_u8), any::<u8>()]).prop_map(|(stream, part)| Act::Flow { stream, part }),
        10 => stream.clone().prop_map(|stream| Act::Advance { stream }),
        2 => stream.clone().prop_map(|stream| Act::Early { stream }),
        6 => (stream.clone(), prop::bool::weighted(0.7)).prop_map(|(stream, exact)| Act::Close { stream, exact }),
        2 => stream.clone().prop_map(|stream| Act::Crash { stream }),
        1 => stream.prop_map(|stream| Act::StorageFailed { stream }),
        1 => (0_u64..20, any::<u64>()).prop_map(|(stream, sent)| Act::Again { stream, sent }),
        1 => prop::bool::weighted(0.2).prop_map(|revoke| if revoke { Act::Revoke } else { Act::Expire }),
        3 => prop_oneof![0..ms::MINUTE, 0..(15 * ms::MINUTE), -ms::MINUTE..ms::HOUR].prop_map(|milliseconds| Act::Wait { milliseconds }),
        1 => Just(Act::OtherLink),
    ]
}

/// A stream as the gateway's process knows it.
struct Flowing {
    id: u64,
    start: u64,
    end: u64,
    until: u64,
    position: u64,
}

struct Simulation {
    world: World,
    flowing: Vec<Flowing>,
    /// Every byte that left, as ranges.
    left: Vec<(u64, u64)>,
    winner: Option<Secret>,
}

fn visitor(who: u8) -> Secret {
    Secret::new([100 + who; 32])
}

impl Simulation {
    fn new(size: u64) -> Self {
        Self { world: World::new(size), flowing: Vec::new(), left: Vec::new(), winner: None }
    }

    fn run(&mut self, act: &Act) {
        let before = self.world.state.clone();
        let count = self.world.records.len();
        let reply = match act {
            Act::View { cookie } => self.world.event(&Event::View { presented: cookie.then(|| visitor(0)) }),
            Act::Claim { who } => self.claim(*who),
            Act::Open { who, range, head, prefetch, hit } => self.open(*who, *range, *head, *prefetch, *hit),
            Act::Flow { stream, part } => self.flow(*stream, *part),
            Act::Advance { stream } => self.advance(*stream),
            Act::Early { stream } => self.early(*stream),
            Act::Close { stream, exact } => self.close(*stream, *exact),
            Act::Crash { stream } => {
                self.take(*stream);
                Reply::Done
            }
            Act::StorageFailed { stream } => self.storage_failed(*stream),
            Act::Again { stream, sent } if self.flowing.iter().all(|flowing| flowing.id != *stream) => {
                let crashed = self.world.state.as_ref().is_some_and(|state| state.streams.iter().any(|running| running.id == *stream));
                // Nobody can tell the end of a stream whose process is gone.
                if !crashed {
                    self.world.event(&Event::Close { stream: *stream, sent: *sent, exact: true, client: client() });
                    assert_eq!(self.world.state, before);
                }
                Reply::Done
            }
            Act::Again { .. } => Reply::Done,
            Act::Revoke => self.world.event(&Event::Revoke),
            Act::Expire => self.world.event(&Event::Expire),
            Act::Wait { milliseconds } => {
                self.world.now = self.world.now.plus(*milliseconds);
                Reply::Done
            }
            Act::OtherLink => {
                self.world.sequence += 1;
                Reply::Done
            }
        };
        if matches!(act, Act::View { .. } | Act::Open { head: true, .. }) {
            assert_eq!((&self.world.state, self.world.records.len()), (&before, count), "{act:?} changed something: {reply:?}");
        }
        self.check(before.as_ref());
    }

    fn claim(&mut self, who: u8) -> Reply {
        let event = Event::Claim { presented: (who == 1).then(|| visitor(who)), fresh: visitor(who), client: client() };
        let reply = self.world.event(&event);
        if let Reply::Claimed { secret, max_age } = &reply {
            assert!(*max_age > 0 && *max_age <= 7200);
            assert_eq!(secret, self.winner.get_or_insert_with(|| visitor(who)), "one winner");
            let charges = self.world.state().charged;
            let count = self.world.records.len();
            let repeated = Event::Claim { presented: Some(secret.clone()), fresh: visitor(9), client: client() };
            assert_eq!(self.world.event(&repeated), reply, "the same press again");
            assert_eq!((self.world.state().charged, self.world.records.len()), (charges, count));
        }
        reply
    }

    fn open(&mut self, who: u8, range: Option<Range>, head: bool, prefetch: bool, hit: bool) -> Reply {
        let if_none_match = hit.then(|| "\"x\", W/\"3-abc\"".to_owned());
        let open = Open { head, presented: Some(visitor(who)), prefetch, range, if_none_match, client: client(), ..Open::default() };
        let over = self.world.state.as_ref().is_some_and(|state| state.is_over(self.world.now));
        let reply = self.world.event(&Event::Open(Box::new(open)));
        if let Reply::Stream(stream) = &reply {
            assert!(!over && self.winner.as_ref() == Some(&visitor(who)) && !head && !prefetch && !hit);
            assert!(self.world.state().open_streams(self.world.now) <= MAX_STREAMS);
            let Stream { id, offset, length, until, .. } = *stream;
            assert!(length > 0 && offset < until && until <= offset + length && offset + length <= self.world.ticket.size);
            self.flowing.push(Flowing { id, start: offset, end: offset + length, until, position: offset });
        }
        reply
    }

    fn flow(&mut self, stream: usize, part: u8) -> Reply {
        if let Some(flowing) = pick(&mut self.flowing, stream) {
            let bytes = u64::try_from(u128::from(flowing.until - flowing.position) * u128::from(part) / 255).unwrap();
            self.left.push((flowing.position, flowing.position + bytes));
            flowing.position += bytes;
        }
        Reply::Done
    }

    /// As a gateway does: once all that was allowed is sent.
    fn advance(&mut self, stream: usize) -> Reply {
        let Some(flowing) = pick(&mut self.flowing, stream) else { return Reply::Done };
        if flowing.position < flowing.until || flowing.until == flowing.end {
            return Reply::Done;
        }
        let reply = self.world.event(&Event::Advance { stream: flowing.id, offset: flowing.position, client: client() });
        if let Reply::Segment { until } = reply {
            assert!(until > flowing.until && until <= flowing.end);
            flowing.until = until;
        }
        reply
    }

    fn early(&mut self, stream: usize) -> Reply {
        let Some(flowing) = pick(&mut self.flowing, stream) else { return Reply::Done };
        if flowing.position == flowing.until {
            return Reply::Done;
        }
        let charged = self.world.state().charged;
        let reply = self.world.event(&Event::Advance { stream: flowing.id, offset: flowing.position, client: client() });
        assert!(matches!(reply, Reply::Stop) || reply == Reply::Segment { until: flowing.until });
        assert_eq!(self.world.state().charged, charged);
        reply
    }

    fn close(&mut self, stream: usize, exact: bool) -> Reply {
        let Some(flowing) = self.take(stream) else { return Reply::Done };
        self.world.event(&Event::Close { stream: flowing.id, sent: flowing.position - flowing.start, exact, client: client() })
    }

    fn storage_failed(&mut self, stream: usize) -> Reply {
        match pick(&mut self.flowing, stream) {
            Some(flowing) if flowing.position == flowing.start => {}
            _ => return Reply::Done,
        }
        let flowing = self.take(stream).unwrap();
        self.world.event(&Event::StorageFailed { stream: flowing.id, client: client() })
    }

    fn take(&mut self, stream: usize) -> Option<Flowing> {
        if self.flowing.is_empty() { None } else { Some(self.flowing.remove(stream % self.flowing.len())) }
    }

    /// What must hold after every act.
    fn check(&self, before: Option<&State>) {
        let Some(state) = &self.world.state else { return };
        let size = self.world.ticket.size;
        let left: u64 = self.left.iter().map(|(start, end)| end - start).sum();
        assert!(left <= state.charged, "{left} bytes left, {} are charged", state.charged);
        assert!(state.charged <= (2 * size).saturating_sub(1), "{} charged for {size}", state.charged);
        assert!(size == 0 || left < 2 * size, "two copies left");
        let claims = self.world.records.iter().filter(|record| record.kind == Kind::Claimed).count();
        assert_eq!(claims, usize::from(state.claim.is_some()));
        assert!(state.streams.len() <= 16);
        assert!(serde_json::to_string(state).unwrap().len() < 8 * 1024);
        assert!(state.bytes_sent() <= size);
        if state.phase == Phase::Complete {
            assert!(size == 0 || is_whole(&self.left, size), "complete without every byte");
        }
        if let Some(before) = before {
            assert!(before.claim.is_none() || before.claim == state.claim, "a claim is for good");
            assert!(before.phase != Phase::Revoked || state.phase == Phase::Revoked);
            assert!(before.phase != Phase::Expired || state.phase == Phase::Expired);
        }
    }
}

fn pick(flowing: &mut [Flowing], stream: usize) -> Option<&mut Flowing> {
    let count = flowing.len();
    flowing.get_mut(stream.checked_rem(count)?)
}

fn is_whole(ranges: &[(u64, u64)], size: u64) -> bool {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    sorted.iter().fold(0, |reached, (start, end)| if *start <= reached { reached.max(*end) } else { reached }) == size
}

proptest! {
    #[test]
    fn the_rules_hold_whatever_happens(size in size(), early in prop::bool::weighted(0.9), acts in prop::collection::vec(act(), 1..120)) {
        let mut simulation = Simulation::new(size);
        if early {
            simulation.run(&Act::Claim { who: 0 });
        }
        for act in &acts {
            simulation.run(act);
        }
    }

    /// The same, with a client that wants as many bytes as it can get and a gateway that crashes under it.
    #[test]
    fn greed_and_crashes_get_less_than_two_copies(size in size(), turns in prop::collection::vec((any::<bool>(), 0_u8..4, 0_u64..8), 1..80)) {
        let mut simulation = Simulation::new(size);
        simulation.run(&Act::Claim { who: 0 });
        for (whole, end, part) in turns {
            let range = (!whole).then(|| Range::From(size / 8 * part));
            simulation.run(&Act::Open { who: 0, range, head: false, prefetch: false, hit: false });
            let last = simulation.flowing.len().saturating_sub(1);
            for _ in 0..9 {
                simulation.run(&Act::Flow { stream: last, part: 255 });
                simulation.run(&Act::Advance { stream: last });
            }
            simulation.run(&match end {
                0 => Act::Crash { stream: last },
                1 => Act::Wait { milliseconds: STREAM_IDLE / 2 },
                exact => Act::Close { stream: last, exact: exact == 2 },
            });
        }
    }

    /// An honest client on the embedded gateway, whose line drops: it always gets the whole file.
    #[test]
    fn an_honest_client_always_finishes(size in size(), drops in prop::collection::vec(1_u8..=255, 0..60)) {
        let mut simulation = Simulation::new(size);
        simulation.run(&Act::Claim { who: 0 });
        let mut received = 0;
        for part in drops.into_iter().map(Some).chain([None]) {
            if received == size {
                break;
            }
            simulation.run(&Act::Open { who: 0, range: Some(Range::From(received)), head: false, prefetch: false, hit: false });
            prop_assert_eq!(simulation.flowing.len(), 1, "refused");
            match part {
                Some(part) => simulation.run(&Act::Flow { stream: 0, part }),
                None => for _ in 0..9 {
                    simulation.run(&Act::Flow { stream: 0, part: 255 });
                    simulation.run(&Act::Advance { stream: 0 });
                },
            }
            received = simulation.flowing[0].position;
            simulation.run(&Act::Close { stream: 0, exact: true });
        }
        prop_assert_eq!(received, size);
        if size > 0 {
            prop_assert_eq!((simulation.world.state().phase, simulation.world.state().charged), (Phase::Complete, size));
        }
    }

    #[test]
    fn coverage_is_what_was_added(ranges in prop::collection::vec((0_u64..60, 0_u64..12), 0..30)) {
        let mut coverage = Coverage::default();
        let mut bytes = [false; 80];
        for (start, length) in ranges {
            coverage.add(start, start + length);
            for byte in start..start + length {
                bytes[usize::try_from(byte).unwrap()] = true;
            }
            prop_assert_eq!(coverage.bytes(), bytes.iter().filter(|sent| **sent).count() as u64);
            prop_assert_eq!(coverage.is_whole(60), bytes[..60].iter().all(|sent| *sent) && bytes[60..].iter().all(|sent| !sent));
        }
    }

    #[test]
    fn coverage_is_bounded_and_never_too_much(starts in prop::collection::vec(0_u64..100_000, 0..200)) {
        let mut coverage = Coverage::default();
        let mut sent = std::collections::BTreeSet::new();
        for start in starts {
            coverage.add(start, start + 2);
            sent.extend([start, start + 1]);
        }
        prop_assert!(coverage.bytes() <= sent.len() as u64);
        prop_assert!(serde_json::to_string(&coverage).unwrap().len() < 32 * 20);
    }
}
