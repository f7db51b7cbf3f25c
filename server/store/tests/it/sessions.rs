use shared::{Code, ms};
use store::{
    accounts, cleanup,
    sessions::{self, Reuse},
};

use crate::{
    on_both,
    world::{at_once, code, from},
};

on_both!(an_access_token_lives_five_minutes, |world| {
    let (account, _) = world.open().await;
    world.clock.advance(5 * ms::MINUTE - 1);
    sessions::authenticate(&world.store, &account.tokens.access_token, &world.origin()).await.unwrap();
    world.clock.advance(1);
    assert_eq!(code(sessions::authenticate(&world.store, &account.tokens.access_token, &world.origin()).await), Code::Unauthenticated);
    let renewed = sessions::refresh(&world.store, &account.tokens.refresh_token, Reuse::Strict, &world.origin()).await.unwrap();
    sessions::authenticate(&world.store, &renewed.access_token, &world.origin()).await.unwrap();
    for forged in ["", "a.b.c", &renewed.access_token[..renewed.access_token.len() - 2], "eyJhbGciOiJub25lIn0.eyJzaWQiOjF9."] {
        assert_eq!(code(sessions::authenticate(&world.store, forged, &world.origin()).await), Code::Unauthenticated);
    }
});

on_both!(reuse_ends_the_family, |world| {
    let (account, _) = world.open().await;
    let first = account.tokens.refresh_token;
    let second = sessions::refresh(&world.store, &first, Reuse::Strict, &world.origin()).await.unwrap();
    assert_ne!(first, second.refresh_token);
    assert_eq!(code(sessions::refresh(&world.store, &first, Reuse::Strict, &world.origin()).await), Code::Unauthenticated);
    assert_eq!(code(sessions::refresh(&world.store, &second.refresh_token, Reuse::Strict, &world.origin()).await), Code::Unauthenticated);
    assert_eq!(code(sessions::authenticate(&world.store, &second.access_token, &world.origin()).await), Code::Unauthenticated);
});

on_both!(reuse_ends_the_family_however_late, |world| {
    for days in [8, 29] {
        let (account, customer) = world.open().await;
        let phone = format!("+96650{:07}", customer.id.0);
        accounts::activate(&world.store, &customer, "سارة", &phone, &world.origin()).await.unwrap();
        // A thief rotates the stolen token, and stays in by rotating on, a day at a time.
        let stolen = account.tokens.refresh_token;
        let mut thief = sessions::refresh(&world.store, &stolen, Reuse::Strict, &from("198.51.100.66")).await.unwrap();
        for _ in 0..days {
            world.clock.advance(ms::DAY);
            cleanup::sweep(&world.store).await.unwrap();
            thief = sessions::refresh(&world.store, &thief.refresh_token, Reuse::Strict, &from("198.51.100.66")).await.unwrap();
        }
        for reuse in [Reuse::Browser, Reuse::Strict] {
            assert_eq!(code(sessions::refresh(&world.store, &stolen, reuse, &world.origin()).await), Code::Unauthenticated, "{days}");
        }
        assert_eq!(code(sessions::authenticate(&world.store, &thief.access_token, &world.origin()).await), Code::Unauthenticated, "{days}");
        let again = sessions::refresh(&world.store, &thief.refresh_token, Reuse::Strict, &from("198.51.100.66")).await;
        assert_eq!(code(again), Code::Unauthenticated, "{days}");
        let told = format!(
            "SELECT COUNT(*) FROM audit_log WHERE action = 'session.refresh' AND outcome = 'reused' AND subject = 'customer:{}'",
            customer.id
        );
        assert_eq!(world.count(&told).await, 1, "{days}");
    }
});

on_both!(tokens_go_with_their_session, |world| {
    let kept = async || {
        cleanup::sweep(&world.store).await.unwrap();
        (world.count("SELECT COUNT(*) FROM sessions").await, world.count("SELECT COUNT(*) FROM refresh_tokens").await)
    };
    let (account, customer) = world.open().await;
    accounts::activate(&world.store, &customer, "سارة", "+966501234567", &world.origin()).await.unwrap();
    let ended = accounts::sign_in(&world.store, &account.serial, &account.pin, &world.origin()).await.unwrap();
    sessions::refresh(&world.store, &ended.refresh_token, Reuse::Strict, &world.origin()).await.unwrap();
    let session = world.customer(&ended.access_token).await.session;
    sessions::end(&world.store, session, &world.origin()).await.unwrap();
    let renewed = sessions::refresh(&world.store, &account.tokens.refresh_token, Reuse::Strict, &world.origin()).await.unwrap();
    sessions::refresh(&world.store, &renewed.refresh_token, Reuse::Strict, &world.origin()).await.unwrap();
    assert_eq!(kept().await, (2, 5));
    world.clock.advance(7 * ms::DAY + 1);
    assert_eq!(kept().await, (1, 3), "what was ended goes after a week, with its tokens");
    world.clock.advance(23 * ms::DAY);
    assert_eq!(kept().await, (1, 3), "it expired a moment ago");
    world.clock.advance(7 * ms::DAY);
    assert_eq!(kept().await, (0, 0));
});

on_both!(two_tabs_get_the_same_successor, |world| {
    let (account, _) = world.open().await;
    let first = account.tokens.refresh_token.clone();
    let renewed = at_once(20, |_| {
        let (store, token, origin) = (world.store.clone(), first.clone(), world.origin());
        async move { sessions::refresh(&store, &token, Reuse::Browser, &origin).await.unwrap().refresh_token }
    })
    .await;
    assert!(renewed.iter().all(|token| *token == renewed[0]));
    world.clock.advance(30 * ms::SECOND);
    sessions::refresh(&world.store, &first, Reuse::Browser, &world.origin()).await.unwrap();
    world.clock.advance(1);
    assert_eq!(code(sessions::refresh(&world.store, &first, Reuse::Browser, &world.origin()).await), Code::Unauthenticated);
    assert_eq!(code(sessions::refresh(&world.store, &renewed[0], Reuse::Browser, &world.origin()).await), Code::Unauthenticated);
});

on_both!(sessions_are_listed_and_ended, |world| {
    let (account, customer) = world.open().await;
    let other = accounts::sign_in(&world.store, &account.serial, &account.pin, &world.origin()).await.unwrap();
    let listed = sessions::list(&world.store, &customer).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed.iter().filter(|session| session.current).count(), 1);
    let theirs = listed.iter().find(|session| !session.current).unwrap().id;
    let (_, stranger) = world.open().await;
    assert_eq!(code(sessions::end_other(&world.store, &stranger, theirs, &world.origin()).await), Code::NotFound);
    sessions::end_other(&world.store, &customer, theirs, &world.origin()).await.unwrap();
    assert_eq!(code(sessions::authenticate(&world.store, &other.access_token, &world.origin()).await), Code::Unauthenticated);
    assert_eq!(code(sessions::refresh(&world.store, &other.refresh_token, Reuse::Browser, &world.origin()).await), Code::Unauthenticated);
});
