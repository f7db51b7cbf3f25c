//! Time, bytes, streams and records by example.

use super::*;

#[test]
fn two_hours_to_claim() {
    for (after, status) in [(119 * ms::MINUTE, 303), (CLAIM_WINDOW - 1, 303), (CLAIM_WINDOW, 410), (121 * ms::MINUTE, 410)] {
        let mut world = World::new(10);
        world.now = PRESSED.plus(after);
        assert_eq!(world.post().status, status, "{after} ms after the press");
    }
}

#[test]
fn two_hours_from_the_claim_to_open_and_as_long_as_it_takes_to_finish() {
    let mut world = World::new(20 * MIB);
    let claimed_at = PRESSED.plus(119 * ms::MINUTE);
    world.now = claimed_at;
    assert_eq!(world.post().header("set-cookie").unwrap().split("Max-Age=").nth(1), Some("7200"));
    world.now = claimed_at.plus(STREAM_WINDOW - 1);
    let Body::Stream(stream) = world.get(&[]).body else { panic!("refused in time") };
    world.now = claimed_at.plus(STREAM_WINDOW);
    assert_eq!(world.get(&[]).status, 410);
    world.event(&Event::Expire);
    assert_eq!(world.state().phase, Phase::Closed);
    let (id, mut until) = (stream.id, stream.until);
    while until < 20 * MIB {
        world.now = world.now.plus(ms::HOUR);
        let Reply::Segment { until: more } = world.event(&Event::Advance { stream: id, offset: until, client: client() }) else {
            panic!("a running stream was stopped")
        };
        until = more;
    }
    world.close(id, 20 * MIB);
    assert_eq!(world.state().phase, Phase::Complete);
    assert_eq!(world.kinds()[..4], ["claimed", "opened", "ended", "refused_over"]);
    assert_eq!(world.kinds().last(), Some(&"completed"));
}

#[test]
fn revocation_is_checked_at_every_open_and_lets_a_running_stream_finish() {
    let mut world = World::claimed(20 * MIB);
    let Body::Stream(stream) = world.get(&[]).body else { panic!() };
    world.event(&Event::Revoke);
    world.event(&Event::Revoke);
    assert_eq!(world.get(&[("range", "bytes=5-9")]).status, 410);
    let advance = Event::Advance { stream: stream.id, offset: stream.until, client: client() };
    assert!(matches!(world.event(&advance), Reply::Segment { .. }));
    assert_eq!(world.kinds().iter().filter(|kind| **kind == "revoked").count(), 1);
    world.close(stream.id, 8 * MIB);
    assert_eq!(world.state().phase, Phase::Revoked);
}

#[test]
fn time_is_marked_once_and_what_is_over_stays_so() {
    let mut world = World::new(10);
    world.event(&Event::Expire);
    assert!(world.records.is_empty(), "not before its time");
    world.now = PRESSED.plus(CLAIM_WINDOW);
    for _ in 0..3 {
        world.event(&Event::Expire);
        world.event(&Event::Revoke);
    }
    assert_eq!(world.kinds(), ["expired"]);
    // A clock that is set back does not bring it back.
    world.now = PRESSED;
    assert_eq!(world.post().status, 410);
    assert_eq!(world.state().phase, Phase::Expired);
}

#[test]
fn a_pass_has_at_most_eight_segments_of_at_least_four_mebibytes() {
    for (size, segments) in [(1, 1), (4 * MIB, 1), (4 * MIB + 1, 2), (32 * MIB, 8), (32 * MIB + 1, 8), (1000 * MIB + 3, 8)] {
        let mut world = World::claimed(size);
        assert_eq!(world.download(&[], size), size);
        let charges: Vec<u64> = world
            .records
            .iter()
            .filter(|record| matches!(record.kind, Kind::Opened | Kind::Advanced))
            .filter_map(|record| record.detail.bytes)
            .collect();
        assert_eq!((charges.len(), charges.iter().sum::<u64>()), (segments, size), "{size}");
        let (last, full) = charges.split_last().unwrap();
        assert!(full.iter().all(|charge| *charge >= 4 * MIB) && *last > 0);
        assert_eq!(world.state().phase, Phase::Complete);
    }
}

#[test]
fn a_line_that_drops_fifty_times_still_finishes() {
    let size = 100 * MIB + 17;
    let mut world = World::claimed(size);
    let mut received = 0;
    for drop in 0..50 {
        received += world.download(&[("range", &format!("bytes={received}-"))], MIB + drop * 7919);
        world.now = world.now.plus(ms::MINUTE);
    }
    received += world.download(&[("range", &format!("bytes={received}-"))], u64::MAX);
    assert_eq!((received, world.state().charged, world.state().phase), (size, size, Phase::Complete));
}

#[test]
fn a_crash_costs_a_segment_and_never_the_budget() {
    let size = 80 * MIB;
    let mut world = World::claimed(size);
    // Each of these streams loses its gateway at once.
    for _ in 0..15 {
        assert_eq!(world.get(&[("range", "bytes=0-")]).status, 206);
        world.now = world.now.plus(2 * ms::MINUTE);
    }
    assert_eq!(world.state().charged, 150 * MIB, "no segment fits any more");
    assert_eq!(world.get(&[("range", "bytes=0-")]).status, 410);
    assert_eq!(world.get(&[]).status, 410);
    assert_eq!(world.get(&[("range", "bytes=0-99")]).status, 206, "a small range still fits");
}

#[test]
fn mid_way_the_stream_ends_short_when_the_budget_does() {
    let size = 80 * MIB;
    let mut world = World::claimed(size);
    assert_eq!(world.download(&[], size), size);
    assert_eq!(world.download(&[("range", "bytes=0-")], size), size - 1);
    assert_eq!(world.state().charged, 2 * size - 1);
    assert_eq!(world.kinds().last(), Some(&"interrupted"));
}

#[test]
fn the_smallest_files() {
    let mut empty = World::claimed(0);
    let response = empty.get(&[]);
    assert_eq!((response.status, response.header("content-length")), (200, Some("0")));
    assert_eq!(empty.state().phase, Phase::Complete);
    assert_eq!(empty.get(&[("range", "bytes=-5")]).status, 200, "all of nothing");
    assert_eq!(empty.get(&[("range", "bytes=0-")]).status, 416);
    assert_eq!(empty.get(&[]).status, 200);
    assert_eq!(empty.kinds(), ["claimed", "completed"]);

    let mut byte = World::claimed(1);
    assert_eq!(byte.download(&[], 0), 0);
    assert_eq!(byte.download(&[], 1), 1);
    assert_eq!(byte.get(&[]).status, 410);
    assert_eq!(byte.state().phase, Phase::Complete);
}

#[test]
fn a_silent_stream_no_longer_counts_and_its_late_end_does() {
    let size = 40 * MIB;
    let mut world = World::claimed(size);
    let Body::Stream(slow) = world.get(&[]).body else { panic!() };
    for _ in 1..MAX_STREAMS {
        world.get(&[("range", "bytes=0-99")]);
    }
    world.now = world.now.plus(STREAM_IDLE - 1);
    assert_eq!(world.get(&[("range", "bytes=0-99")]).status, 429);
    // A word of its gateway, though it asks for nothing, keeps a stream open.
    let early = Event::Advance { stream: slow.id, offset: MIB, client: client() };
    assert_eq!(world.event(&early), Reply::Segment { until: slow.until });
    world.now = world.now.plus(1);
    assert_eq!(world.state().open_streams(world.now), 1);
    assert_eq!(world.get(&[("range", "bytes=0-99")]).status, 206);
    // Late, but counted: what was not sent is returned.
    world.now = world.now.plus(STREAM_IDLE);
    let charged = world.state().charged;
    world.close(slow.id, 2 * MIB);
    assert_eq!(world.state().charged, charged - (slow.until - 2 * MIB));
    // Told again, nothing more is returned.
    world.close(slow.id, 0);
    assert_eq!(world.state().charged, charged - (slow.until - 2 * MIB));
}

#[test]
fn a_forgotten_stream_keeps_its_charge() {
    let mut world = World::claimed(400 * MIB);
    let Body::Stream(first) = world.get(&[]).body else { panic!() };
    for _ in 0..40 {
        world.now = world.now.plus(STREAM_IDLE / 4);
        world.get(&[("range", "bytes=0-99")]);
    }
    let before = world.state().clone();
    world.close(first.id, 0);
    assert_eq!(world.event(&Event::Advance { stream: first.id, offset: first.until, client: client() }), Reply::Stop);
    assert_eq!(world.state(), &before);
    assert!(before.streams.len() <= 16);
}

#[test]
fn asking_again_for_a_segment_charges_once() {
    let mut world = World::claimed(40 * MIB);
    let Body::Stream(stream) = world.get(&[]).body else { panic!() };
    let advance = Event::Advance { stream: stream.id, offset: stream.until, client: client() };
    let reply = world.event(&advance);
    let charged = world.state().charged;
    assert_eq!(world.event(&advance), reply);
    assert_eq!(world.state().charged, charged);
    let beyond = Event::Advance { stream: stream.id, offset: 30 * MIB, client: client() };
    assert_eq!(world.event(&beyond), Reply::Stop, "more was sent than was allowed");
}

#[test]
fn the_worker_returns_nothing_that_it_cannot_prove() {
    let mut world = World::claimed(40 * MIB);
    let Body::Stream(stream) = world.get(&[]).body else { panic!() };
    world.event(&Event::Close { stream: stream.id, sent: MIB, exact: false, client: client() });
    assert_eq!((world.state().charged, world.state().bytes_sent()), (5 * MIB, MIB));
}

#[test]
fn a_gateway_that_contradicts_itself_gets_nothing_back() {
    let opened = || {
        let mut world = World::claimed(40 * MIB);
        let Body::Stream(stream) = world.get(&[]).body else { panic!() };
        world.event(&Event::Advance { stream: stream.id, offset: stream.until, client: client() });
        assert_eq!(world.state().charged, 10 * MIB);
        (world, stream.id)
    };
    // Five mebibytes were told as sent: storage did not fail before the first byte, and no fewer can have been sent.
    let (mut world, stream) = opened();
    world.event(&Event::StorageFailed { stream, client: client() });
    assert_eq!(world.state().charged, 10 * MIB);
    let (mut world, stream) = opened();
    world.close(stream, MIB);
    assert_eq!(world.state().charged, 5 * MIB);
    // Nor more than was allowed.
    let (mut world, stream) = opened();
    world.close(stream, u64::MAX);
    assert_eq!((world.state().charged, world.state().bytes_sent(), world.state().phase), (10 * MIB, 10 * MIB, Phase::Claimed));
}

#[test]
fn a_flood_of_refusals_does_not_fill_the_log() {
    let mut world = World::claimed(40 * MIB);
    world.cookie = None;
    for _ in 0..100 {
        assert_eq!((world.post().status, world.get(&[]).status), (409, 403));
    }
    assert_eq!(world.records.len(), 1 + 2 * usize::from(MAX_REFUSALS));
    let before = world.state().clone();
    world.get(&[]);
    assert_eq!(world.state(), &before, "past the bound nothing is written at all");
}

#[test]
fn the_number_of_streams_is_bounded() {
    let mut world = World::claimed(10 * MIB);
    let mut opened = 0;
    while let Body::Stream(stream) = world.get(&[("range", "bytes=0-0")]).body {
        world.close(stream.id, 0);
        opened += 1;
    }
    assert_eq!(opened, MAX_OPENS);
}

#[test]
fn a_change_of_address_is_told_and_not_refused() {
    let world = World::claimed(40 * MIB);
    let state = world.state().clone();
    let presented = world.cookie.as_ref().and_then(|cookie| Secret::parse(cookie.split_once('=')?.1));
    for (ip, changed) in [("203.0.113.5", false), ("198.51.100.9", true)] {
        let open = Open { presented: presented.clone(), client: Client::new(ip, &"ش".repeat(500)), ..Open::default() };
        let Step { reply, records, .. } = step(&state, &Event::Open(Box::new(open)), world.now);
        assert!(matches!(reply, Reply::Stream(_)));
        assert_eq!((records[0].detail.ip_changed, records[0].user_agent.chars().count()), (changed, 200));
    }
}

#[test]
fn records_read_as_the_database_spells_them() {
    for kind in Kind::ALL {
        assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{}\"", kind.as_str()));
    }
    let mut world = World::claimed(40 * MIB);
    world.download(&[("range", "bytes=100-199")], 60);
    let record = serde_json::to_value(&world.records[2]).unwrap();
    assert_eq!(record["kind"], "interrupted");
    assert_eq!(record["detail"], serde_json::json!({ "stream": 1, "start": 100, "end": 160, "bytes": 60 }));
    assert_eq!(serde_json::from_value::<Record>(record).unwrap(), world.records[2]);
}
