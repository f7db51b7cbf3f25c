use shared::{Code, ms};
use store::sessions::{self, Reuse};

use crate::{
    on_both,
    world::{at_once, code},
};

on_both!(an_access_token_lives_five_minutes, |world| {
    let (account, _) = world.open().await;
    world.clock.advance(5 * ms::MINUTE - 1);
    sessions::authenticate(&world.store, &account.tokens.access_token).await.unwrap();
    world.clock.advance(1);
    assert_eq!(code(sessions::authenticate(&world.store, &account.tokens.access_token).await), Code::Unauthenticated);
    let renewed = sessions::refresh(&world.store, &account.tokens.refresh_token, Reuse::Strict, &world.origin()).await.unwrap();
    sessions::authenticate(&world.store, &renewed.access_token).await.unwrap();
    for forged in ["", "a.b.c", &renewed.access_token[..renewed.access_token.len() - 2], "eyJhbGciOiJub25lIn0.eyJzaWQiOjF9."] {
        assert_eq!(code(sessions::authenticate(&world.store, forged).await), Code::Unauthenticated);
    }
});

on_both!(reuse_ends_the_family, |world| {
    let (account, _) = world.open().await;
    let first = account.tokens.refresh_token;
    let second = sessions::refresh(&world.store, &first, Reuse::Strict, &world.origin()).await.unwrap();
    assert_ne!(first, second.refresh_token);
    assert_eq!(code(sessions::refresh(&world.store, &first, Reuse::Strict, &world.origin()).await), Code::Unauthenticated);
    assert_eq!(code(sessions::refresh(&world.store, &second.refresh_token, Reuse::Strict, &world.origin()).await), Code::Unauthenticated);
    assert_eq!(code(sessions::authenticate(&world.store, &second.access_token).await), Code::Unauthenticated);
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
    let other = store::accounts::sign_in(&world.store, &account.serial, &account.pin, &world.origin()).await.unwrap();
    let listed = sessions::list(&world.store, &customer).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed.iter().filter(|session| session.current).count(), 1);
    let theirs = listed.iter().find(|session| !session.current).unwrap().id;
    let (_, stranger) = world.open().await;
    assert_eq!(code(sessions::end_other(&world.store, &stranger, theirs, &world.origin()).await), Code::NotFound);
    sessions::end_other(&world.store, &customer, theirs, &world.origin()).await.unwrap();
    assert_eq!(code(sessions::authenticate(&world.store, &other.access_token).await), Code::Unauthenticated);
    assert_eq!(code(sessions::refresh(&world.store, &other.refresh_token, Reuse::Browser, &world.origin()).await), Code::Unauthenticated);
});
