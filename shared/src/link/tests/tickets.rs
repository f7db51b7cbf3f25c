//! Tickets, link ids, keys.

use proptest::prelude::*;

use super::*;

fn any_ticket() -> impl Strategy<Value = Ticket> {
    (any::<bool>(), any::<i64>(), 1..i64::MAX, any::<i64>(), 0..u64::MAX / 2, "[!-~]{0,90}", any::<[String; 3]>(), any::<[u8; 16]>())
        .prop_map(|(worker, purchase, link, attempt, size, etag, [name, content_type, storage_key], nonce)| Ticket {
            gateway: if worker { Gateway::Worker } else { Gateway::Embedded },
            purchase: PurchaseId(purchase),
            link,
            attempt,
            etag,
            name,
            content_type,
            storage_key,
            nonce,
            ..ticket(size)
        })
}

proptest! {
    #[test]
    fn sealed_and_opened(ticket in any_ticket()) {
        let text = ticket.seal(&keys());
        prop_assert!(text.len() <= 4096);
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)));
        prop_assert_eq!(&ticket.seal(&keys()), &text, "the same text for the same ticket");
        let opened = Ticket::open(&text, &keys()).unwrap();
        prop_assert_eq!(&opened.seal(&keys()), &text, "cleaning is done once");
        prop_assert_eq!((opened.purchase, opened.link, opened.size, opened.nonce), (ticket.purchase, ticket.link, ticket.size, ticket.nonce));
    }

    #[test]
    fn any_change_is_refused(place in any::<prop::sample::Index>(), change in any::<char>(), secret in any::<bool>()) {
        let ticket = ticket(5);
        let link = LinkId { purchase: ticket.purchase, link: ticket.link };
        let text = if secret { ticket.seal(&keys()) } else { link.seal(&keys()) };
        let place = place.index(text.len());
        let mut changed = text.clone();
        changed.replace_range(place..=place, &change.to_string());
        let opens = if secret { Ticket::open(&changed, &keys()).is_some() } else { LinkId::open(&changed, &keys()).is_some() };
        prop_assert_eq!(opens, changed == text);
    }

    #[test]
    fn no_text_panics(text in any::<String>(), sealed in "v1\\.[0-9a-f]{8}\\.[A-Za-z0-9_-]{0,50}\\.[A-Za-z0-9_-]{43}") {
        prop_assert_eq!(Ticket::open(&text, &keys()), None);
        prop_assert_eq!(Ticket::open(&sealed, &keys()), None);
        prop_assert_eq!(LinkId::open(&text, &keys()), None);
    }

    #[test]
    fn link_ids_fit_cookies_and_paths(purchase in any::<i64>(), link in any::<i64>()) {
        let id = LinkId { purchase: PurchaseId(purchase), link };
        let text = id.seal(&keys());
        prop_assert!(text.len() < 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)));
        prop_assert_eq!(LinkId::open(&text, &keys()), Some(id));
    }
}

#[test]
fn every_single_bit_matters() {
    let text = ticket(5).seal(&keys());
    for place in 0..text.len() {
        for bit in 0..7 {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1 << bit;
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(Ticket::open(&changed, &keys()), None, "bit {bit} of character {place}");
        }
    }
    for cut in 0..text.len() {
        assert_eq!(Ticket::open(&text[..cut], &keys()), None);
    }
}

#[test]
fn what_was_signed_is_all_that_counts() {
    let ticket = ticket(5);
    assert_eq!(Ticket::open(&ticket.seal(&keys()), &keys()), Some(ticket.clone()));
    assert_eq!(Ticket { link: 0, ..ticket.clone() }.seal(&keys()), Ticket { link: 0, ..ticket.clone() }.seal(&keys()));
    assert_eq!(Ticket::open(&Ticket { link: 0, ..ticket.clone() }.seal(&keys()), &keys()), None);
    assert_eq!(Ticket::open(&Ticket { size: u64::MAX, ..ticket.clone() }.seal(&keys()), &keys()), None);
    let named = Ticket {
        name: "../../x\u{202E}fdp.exe\r\n".to_owned(),
        content_type: "text/html\r\nx: y".to_owned(),
        etag: "a\"b\u{e9}c".to_owned(),
        storage_key: format!("a/\r\n\"é{}", "b".repeat(300)),
        ..ticket
    };
    let opened = Ticket::open(&named.seal(&keys()), &keys()).unwrap();
    assert_eq!(
        (opened.name.as_str(), opened.content_type.as_str(), opened.etag.as_str()),
        ("_.._xfdp.exe__", "application/octet-stream", "abc")
    );
    assert_eq!(opened.storage_key, format!("a/{}", "b".repeat(198)));
}

#[test]
fn a_change_of_the_secret_loses_no_link() {
    let (old, both, new) = (Keys::new("old", None), Keys::new("new", Some("old")), Keys::new("new", None));
    let text = ticket(5).seal(&old);
    assert!(Ticket::open(&text, &both).is_some() && Ticket::open(&text, &new).is_none());
    assert!(Ticket::open(&ticket(5).seal(&both), &new).is_some(), "signed with the current key");
    let id = LinkId { purchase: PurchaseId(7), link: 1 };
    assert_eq!(LinkId::open(&id.seal(&old), &both), Some(id));
    assert_eq!(LinkId::open(&id.seal(&old), &new), None);
    assert_ne!(old.id(), new.id());
    assert_eq!(both.id(), new.id());
}

#[test]
fn a_claim_outlives_a_change_of_the_secret() {
    let mut world = World::claimed(40 * MIB);
    let (ticket, file) = (world.page_path(), world.file_path());
    world.site.keys = Keys::new("another", Some("a secret of the tests"));
    let response = world.request("POST", &ticket, &[]);
    assert_eq!(response.status, 303);
    assert!(response.header("location").unwrap().starts_with(file.rsplit_once('/').unwrap().0), "the address that its cookie is for");
    assert_eq!(world.request("GET", &file, &[]).status, 200);
}

#[test]
fn one_key_for_each_purpose() {
    let keys = keys();
    let purposes = [Purpose::Ticket, Purpose::FileId, Purpose::Events, Purpose::Origin, Purpose::Revocation];
    for (index, purpose) in purposes.into_iter().enumerate() {
        let tag = keys.sign(purpose, b"message");
        for (other, verified) in purposes.into_iter().enumerate() {
            assert_eq!(keys.verify(verified, keys.id(), b"message", &tag), index == other);
        }
        assert!(keys.verify(purpose, keys.id(), b"message", &tag[..16]));
        assert!(!keys.verify(purpose, keys.id(), b"message", &tag[..15]), "too short to mean anything");
        assert!(!keys.verify(purpose, keys.id(), b"message", &[]));
        assert!(!keys.verify(purpose, "00000000", b"message", &tag));
    }
    assert_eq!(format!("{keys:?} {:?}", Secret::new([7; 32])), "Keys(****) Secret(****)");
}

/// Both gateways and both sides must derive the same, today and after any refactoring. The values were computed
/// with Python's hmac and hashlib from RFC 5869 and this module's labels.
#[test]
fn derivation_is_fixed() {
    let keys = Keys::new("a secret of the tests", None);
    assert_eq!(keys.id(), "b481b7c0");
    assert_eq!(LinkId { purchase: PurchaseId(7), link: 1 }.seal(&keys), "b481b7c0-AAAAAAAAAAcAAAAAAAAAAQSWRjPQ_hcmH-XXDoco-ic");
}
