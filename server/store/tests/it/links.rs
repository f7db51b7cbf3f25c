use shared::{
    Code, PurchaseId,
    api::AttemptState,
    link::{Body, Event, Request},
    ms,
};
use store::{Customer, links, sales};

use crate::{
    browser::{Browser, location, path},
    on_both,
    world::{CONTENT, World, at_once, code},
};

async fn owner_of_a_file(world: &World) -> (Customer, PurchaseId) {
    let customer = world.activated(1).await;
    let file = world.file("دليل", 10).await;
    let purchase = world.bought(&customer, file).await;
    (customer, purchase)
}

async fn press(world: &World, customer: &Customer, purchase: PurchaseId) -> Result<links::Pressed, store::Error> {
    links::press_download(&world.store, customer, purchase, &world.origin()).await
}

async fn states(world: &World, customer: &Customer, purchase: PurchaseId) -> Vec<AttemptState> {
    let mine = sales::get(&world.store, customer, purchase).await.unwrap();
    mine.attempts.iter().map(|attempt| attempt.state).collect()
}

on_both!(pressing_again_gives_the_same_link, |world| {
    let (customer, purchase) = owner_of_a_file(world).await;
    let pressed = at_once(20, |_| {
        let (store, customer, origin) = (world.store.clone(), customer.clone(), world.origin());
        async move { links::press_download(&store, &customer, purchase, &origin).await.unwrap() }
    })
    .await;
    assert!(pressed.iter().all(|link| link.url == pressed[0].url && link.used == 1 && link.left == 2));
    assert_eq!(pressed[0].expires_at, world.store.now().plus(2 * ms::HOUR));
    let stranger = world.activated(2).await;
    assert_eq!(code(press(world, &stranger, purchase).await), Code::NotFound);
});

on_both!(an_unclaimed_link_gives_its_attempt_back, |world| {
    let (customer, purchase) = owner_of_a_file(world).await;
    let first = press(world, &customer, purchase).await.unwrap();
    world.clock.advance(2 * ms::HOUR);
    // Before and after the clean-up alike.
    for _ in 0..2 {
        let mine = sales::get(&world.store, &customer, purchase).await.unwrap();
        assert_eq!((mine.downloads_count, mine.downloads_left, mine.attempts[0].state), (0, 3, AttemptState::Expired));
        store::cleanup::sweep(&world.store).await.unwrap();
    }
    let second = press(world, &customer, purchase).await.unwrap();
    assert_ne!(first.url, second.url);
    assert_eq!((second.used, second.left), (1, 2));
    assert_eq!(Browser::default().ask(world, "POST", &path(&first)).await.status, 410);
});

on_both!(three_attempts_and_no_fourth, |world| {
    let (customer, purchase) = owner_of_a_file(world).await;
    for attempt in 1..=3 {
        let link = press(world, &customer, purchase).await.unwrap();
        assert_eq!((link.used, link.left), (attempt, 3 - attempt));
        assert_eq!(Browser::default().ask(world, "POST", &path(&link)).await.status, 303);
    }
    assert_eq!(code(press(world, &customer, purchase).await), Code::DownloadsExhausted);
    let mine = sales::get(&world.store, &customer, purchase).await.unwrap();
    assert_eq!((mine.can_download, mine.reason), (false, Some(Code::DownloadsExhausted)));
    world.clock.advance(2 * ms::HOUR);
    store::cleanup::sweep(&world.store).await.unwrap();
    assert_eq!(states(world, &customer, purchase).await, [AttemptState::Closed; 3]);
    assert_eq!(code(press(world, &customer, purchase).await), Code::DownloadsExhausted);
});

on_both!(fifty_claims_at_once_have_one_winner, |world| {
    let (customer, purchase) = owner_of_a_file(world).await;
    let link = path(&press(world, &customer, purchase).await.unwrap());
    let site = links::site(&world.store);
    let claims = at_once(50, |_| {
        let (store, site, link) = (world.store.clone(), site.clone(), link.clone());
        async move {
            let request = Request::new("POST", &link, "198.51.100.1", |_| None::<String>).unwrap();
            let Ok(located) = site.locate(&request) else { panic!("a good ticket") };
            links::answer(&store, &site, &request, &located).await.unwrap().response.status
        }
    })
    .await;
    assert_eq!(claims.iter().filter(|status| **status == 303).count(), 1);
    assert_eq!(claims.iter().filter(|status| **status == 409).count(), 49);
    assert_eq!(states(world, &customer, purchase).await, [AttemptState::Claimed]);
    must_be_gapless(world, purchase).await;
});

async fn must_be_gapless(world: &World, purchase: PurchaseId) {
    let events = links::events(&world.store, purchase).await.unwrap();
    assert!(events.iter().enumerate().all(|(index, event)| event.sequence == i64::try_from(index).unwrap() + 1), "{events:?}");
}

on_both!(a_download_is_logged_and_told, |world| {
    let (customer, purchase) = owner_of_a_file(world).await;
    let link = path(&press(world, &customer, purchase).await.unwrap());
    let mut browser = Browser::default();
    assert_eq!(browser.ask(world, "GET", &link).await.status, 200);
    assert_eq!(states(world, &customer, purchase).await, [AttemptState::Issued]);
    let claimed = browser.ask(world, "POST", &link).await;
    let file = location(&claimed);
    assert_eq!(Browser::default().ask(world, "GET", &file).await.status, 403);
    let response = browser.ask(world, "GET", &file).await;
    let Body::Stream(stream) = response.body else { panic!("{}", response.status) };
    assert_eq!((stream.offset, stream.length), (0, CONTENT.len() as u64));
    let client = shared::link::Client { ip: "198.51.100.1".to_owned(), user_agent: "Browser".to_owned() };
    let close = Event::Close { stream: stream.id, sent: stream.length, exact: true, client };
    links::apply(&world.store, purchase, 1, &close).await.unwrap();
    assert_eq!(states(world, &customer, purchase).await, [AttemptState::Complete]);
    let told = store::notifications::list(&world.store, &customer, 5).await.unwrap();
    assert!(matches!(told[0].notice, shared::Notice::Downloaded { left: 2, .. }));
    must_be_gapless(world, purchase).await;
});

on_both!(a_refund_revokes_the_links, |world| {
    let (customer, purchase) = owner_of_a_file(world).await;
    let link = path(&press(world, &customer, purchase).await.unwrap());
    let mut browser = Browser::default();
    let file = location(&browser.ask(world, "POST", &link).await);
    let owner = world.owner().await;
    sales::refund(&world.store, &owner, purchase, "لم يعمل", None, &world.origin()).await.unwrap();
    assert_eq!(browser.ask(world, "GET", &file).await.status, 410);
    assert_eq!(browser.ask(world, "POST", &link).await.status, 410);
    assert_eq!(code(press(world, &customer, purchase).await), Code::PurchaseRefunded);
    must_be_gapless(world, purchase).await;
});
