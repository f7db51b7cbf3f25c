//! Signed messages.

use super::*;

const BODY: &[u8] = b"{\"x\":1}";

fn verifies(keys: &Keys, purpose: Purpose, headers: &[(&'static str, String); 3], body: &[u8], now: Instant) -> bool {
    webhook::verify(keys, purpose, |name| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()), body, now)
}

#[test]
fn signed_and_verified_within_five_minutes() {
    let keys = keys();
    let headers = webhook::sign(&keys, Purpose::Events, "msg_7-1", PRESSED, BODY);
    assert_eq!(headers[0], ("webhook-id", "msg_7-1".to_owned()));
    assert_eq!(headers[1], ("webhook-timestamp", "1795372048".to_owned()));
    assert!(headers[2].1.starts_with("v1,") && headers[2].1.len() == 47);
    for (after, fresh) in
        [(0, true), (300 * ms::SECOND, true), (300 * ms::SECOND + 1, false), (-300 * ms::SECOND, true), (-301 * ms::SECOND, false)]
    {
        assert_eq!(verifies(&keys, Purpose::Events, &headers, BODY, PRESSED.plus(after)), fresh, "{after}");
    }
    assert!(!verifies(&keys, Purpose::Revocation, &headers, BODY, PRESSED), "another direction");
    assert!(!verifies(&keys, Purpose::Events, &headers, b"{\"x\":2}", PRESSED));
    for (header, value) in [(0, "msg_7-2"), (1, "1795372049"), (1, "x"), (1, "9223372036854775807"), (2, "v1,AAAA"), (2, ""), (0, "msg.1")]
    {
        let mut changed = headers.clone();
        value.clone_into(&mut changed[header].1);
        assert!(!verifies(&keys, Purpose::Events, &changed, BODY, PRESSED), "{value}");
    }
    assert!(!webhook::verify(&keys, Purpose::Events, |_| None::<&str>, BODY, PRESSED));
}

#[test]
fn either_side_may_learn_of_a_new_secret_first() {
    let (old, both, new) = (Keys::new("old", None), Keys::new("new", Some("old")), Keys::new("new", None));
    for (from, to, understood) in [(&old, &both, true), (&both, &old, true), (&both, &new, true), (&new, &both, true), (&old, &new, false)]
    {
        let headers = webhook::sign(from, Purpose::Events, "a", PRESSED, BODY);
        assert_eq!(verifies(to, Purpose::Events, &headers, BODY, PRESSED), understood);
    }
}

/// HMAC-SHA256 over `id.timestamp.body` in base64. The value was computed with Python's hmac.
#[test]
fn the_form_is_standard_webhooks() {
    let headers = webhook::sign(&keys(), Purpose::Events, "msg_1", PRESSED, BODY);
    assert_eq!(headers[2].1, "v1,v7aHVIw58XJpcTQ4Eo1pLi95FSvoWyWTzvBcKbNM36k=");
}

#[test]
fn a_dispatch_is_news_as_far_as_it_follows_on() {
    let mut world = World::claimed(40 * MIB);
    world.download(&[], 40 * MIB);
    let ours = |sequence| Record { gateway: Gateway::Worker, sequence, ..world.records[0].clone() };
    let dispatch = |numbers: &[i64]| Dispatch {
        purchase: PurchaseId(7),
        states: vec![State { gateway: Gateway::Worker, ..world.state().clone() }],
        records: numbers.iter().copied().map(ours).collect(),
    };
    let news = |numbers: &[i64], stored| dispatch(numbers).after(stored).iter().map(|record| record.sequence).collect::<Vec<_>>();
    assert_eq!(news(&[1, 2, 3], 0), [1, 2, 3]);
    assert_eq!(news(&[1, 2, 3], 2), [3]);
    assert_eq!(news(&[1, 2, 4], 0), [1, 2]);
    assert!(news(&[1, 2, 3], 3).is_empty() && news(&[3, 4], 1).is_empty() && news(&[], 5).is_empty());

    let sound = dispatch(&[1, 2, 4]);
    assert!(sound.is_sound());
    assert_eq!(serde_json::from_slice::<Dispatch>(&serde_json::to_vec(&sound).unwrap()).unwrap(), sound);
    assert!(!dispatch(&[2, 1]).is_sound() && !dispatch(&[1, 1]).is_sound() && !dispatch(&[0]).is_sound());
    assert!(!Dispatch { purchase: PurchaseId(8), ..sound.clone() }.is_sound());
    assert!(!Dispatch { records: world.records.clone(), ..sound.clone() }.is_sound(), "the embedded gateway's");
    assert!(!dispatch(&(1..=201).collect::<Vec<_>>()).is_sound());
}
