//! Links at the Worker: what the store believes of them, whoever tells what and when.

use shared::{
    Code, Notice, PurchaseId, Serial,
    api::{AttemptState, admin::AlertKind},
    link::{Dispatch, Event, State},
    ms,
};
use store::{Customer, accounts, alerts, cleanup, customers, edge, links, notifications, sales};

use crate::{
    on_both,
    worker::{URL, Worker},
    world::{World, code},
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

/// Presses Download: the path of a link at the Worker.
async fn path(world: &World, customer: &Customer, purchase: PurchaseId) -> String {
    let pressed = press(world, customer, purchase).await.unwrap();
    pressed.url.strip_prefix(URL).expect("a link at the Worker").to_owned()
}

fn is_embedded(pressed: &links::Pressed) -> bool {
    pressed.url.starts_with("http://127.0.0.1:3000/d/")
}

/// Attempts used, and the state of each link.
async fn attempts(world: &World, customer: &Customer, purchase: PurchaseId) -> (i64, Vec<AttemptState>) {
    let mine = sales::get(&world.store, customer, purchase).await.unwrap();
    (mine.downloads_count, mine.attempts.iter().map(|attempt| attempt.state).collect())
}

async fn kinds(world: &World, purchase: PurchaseId, gateway: &str) -> Vec<String> {
    let events = links::events(&world.store, purchase).await.unwrap();
    let events: Vec<_> = events.into_iter().filter(|event| event.gateway == gateway).collect();
    assert!(events.iter().zip(1..).all(|(event, number)| event.sequence == number), "{events:?}");
    events.into_iter().map(|event| event.kind).collect()
}

async fn downloads_told(world: &World, customer: &Customer) -> usize {
    let told = notifications::list(&world.store, customer, 50).await.unwrap();
    told.iter().filter(|told| matches!(told.notice, Notice::Downloaded { .. })).count()
}

on_both!(told_twice_is_stored_once, |world| {
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    let path = path(world, &customer, purchase).await;
    world.clock.advance(ms::MINUTE);
    worker.download(purchase, &path);
    let mut hints = world.store.live().subscribe();
    for _ in 0..3 {
        let acknowledged = edge::receive(&world.store, &worker.dispatch(purchase)).await.unwrap();
        assert_eq!(acknowledged.sequence, 3);
    }
    assert_eq!(hints.try_recv().unwrap(), customer.id);
    assert!(hints.try_recv().is_err(), "nothing changed the second time");
    assert_eq!(attempts(world, &customer, purchase).await, (1, vec![AttemptState::Complete]));
    assert_eq!(kinds(world, purchase, "worker").await, ["claimed", "opened", "completed"]);
    let events = links::events(&world.store, purchase).await.unwrap();
    assert_eq!((events[0].ip.as_str(), events[0].user_agent.as_str(), events[0].at), ("198.51.100.1", "Browser", world.store.now()));
    assert_eq!(downloads_told(world, &customer).await, 1);
    let claimed_at = world.count("SELECT claimed_at FROM links").await;
    assert_eq!(claimed_at, world.store.now().0);
    // What it acknowledged is not told again.
    assert!(edge::settle(&world.store, purchase).await.unwrap());
    assert!(worker.dispatch(purchase).records.is_empty());
});

on_both!(what_comes_late_or_too_early, |world| {
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    let path = path(world, &customer, purchase).await;
    let mut cookie = String::new();
    worker.ask(&mut cookie, "POST", &path);
    let early = worker.dispatch(purchase);
    let file = links_file(worker, &mut cookie, &path);
    worker.ask(&mut cookie, "GET", &file);
    worker.step(purchase, 1, &Event::Close { stream: 1, sent: 3, exact: true, client: shared::link::Client::default() });
    let late = worker.dispatch(purchase);
    assert_eq!((early.records.len(), late.records.len()), (1, 3));

    // The second half first: its state counts, its events can't be stored yet.
    let second_half = Dispatch { records: late.records[1..].to_vec(), ..late.clone() };
    assert_eq!(edge::receive(&world.store, &second_half).await.unwrap().sequence, 0);
    assert_eq!(attempts(world, &customer, purchase).await, (1, vec![AttemptState::Claimed]));
    assert!(kinds(world, purchase, "worker").await.is_empty());
    assert!(alerts::stands(&world.store, AlertKind::EventsMissing).await.unwrap());
    // The older half afterwards: its events are stored, its state is old.
    assert_eq!(edge::receive(&world.store, &early).await.unwrap().sequence, 1);
    assert_eq!(world.count("SELECT bytes_sent FROM links").await, 3);
    assert_eq!(edge::receive(&world.store, &late).await.unwrap().sequence, 3);
    assert_eq!(edge::receive(&world.store, &early).await.unwrap().sequence, 3);
    assert_eq!(kinds(world, purchase, "worker").await, ["claimed", "opened", "interrupted"]);
    assert_eq!(world.count("SELECT bytes_sent FROM links").await, 3);
});

fn links_file(worker: &Worker, cookie: &mut String, path: &str) -> String {
    worker.ask(cookie, "POST", path).header("location").unwrap().to_owned()
}

on_both!(what_is_not_the_workers_is_refused, |world| {
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    let path = path(world, &customer, purchase).await;
    worker.download(purchase, &path);
    let told = worker.dispatch(purchase);
    let elsewhere = Dispatch { purchase: PurchaseId(purchase.0 + 1), ..told.clone() };
    assert_eq!(code(edge::receive(&world.store, &elsewhere).await), Code::BadRequest);
    let nowhere = Dispatch { purchase: PurchaseId(99), states: Vec::new(), records: Vec::new() };
    assert_eq!(code(edge::receive(&world.store, &nowhere).await), Code::NotFound);
    let backwards = Dispatch { records: told.records.iter().rev().cloned().collect(), ..told.clone() };
    assert_eq!(code(edge::receive(&world.store, &backwards).await), Code::BadRequest);
    // A link of another ticket, or of another number, is none of this store's.
    let strange = |change: fn(&mut State)| {
        let mut state = told.states[0].clone();
        change(&mut state);
        Dispatch { states: vec![state], records: Vec::new(), ..told.clone() }
    };
    for change in [(|state| state.nonce = [1; 16]) as fn(&mut State), |state| state.link = 9] {
        edge::receive(&world.store, &strange(change)).await.unwrap();
        assert_eq!(attempts(world, &customer, purchase).await.1, [AttemptState::Issued]);
    }
});

on_both!(a_press_settles_what_the_worker_knows, |world| {
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    let first = path(world, &customer, purchase).await;
    assert_eq!(path(world, &customer, purchase).await, first, "unclaimed, it is given again");
    // Nobody told the store of the claim yet: the press asks.
    worker.download(purchase, &first);
    let second = press(world, &customer, purchase).await.unwrap();
    assert_eq!((second.used, second.left), (2, 1));
    assert_eq!(attempts(world, &customer, purchase).await, (2, vec![AttemptState::Complete, AttemptState::Issued]));
    let calls = worker.calls();
    let stranger = world.activated(2).await;
    assert_eq!(code(press(world, &stranger, purchase).await), Code::NotFound);
    assert_eq!(worker.calls(), calls, "the Worker is not asked for strangers");
});

on_both!(a_worker_that_does_not_answer_is_replaced, |world| {
    let owner = world.owner().await;
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    let tied_up = path(world, &customer, purchase).await;
    worker.set_down(true);
    let replaced = press(world, &customer, purchase).await.unwrap();
    assert!(is_embedded(&replaced));
    // Both could be claimed, so both count.
    assert_eq!((replaced.used, replaced.left), (2, 1));
    assert_eq!(press(world, &customer, purchase).await.unwrap().url, replaced.url);
    let standing = alerts::standing(&world.store, &owner).await.unwrap();
    assert_eq!((standing.len(), standing[0].kind, standing[0].detail.as_str()), (1, AlertKind::WorkerDown, "the line is cut"));
    assert!(standing[0].times >= 2);

    worker.set_down(false);
    let again = press(world, &customer, purchase).await.unwrap();
    assert_eq!((again.url.as_str(), again.used, again.left), (replaced.url.as_str(), 1, 2), "revoked unclaimed, its attempt is back");
    assert!(alerts::standing(&world.store, &owner).await.unwrap().is_empty());
    assert_eq!(worker.ask(&mut String::new(), "POST", &tied_up).status, 410);
    assert_eq!(world.count("SELECT COUNT(*) FROM worker_calls").await, 0);
    assert_eq!(kinds(world, purchase, "worker").await, ["revoked"]);
});

on_both!(a_claim_that_nobody_told_of_still_counts, |world| {
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    let unheard = path(world, &customer, purchase).await;
    worker.set_down(true);
    worker.download(purchase, &unheard);
    let second = press(world, &customer, purchase).await.unwrap();
    assert!(is_embedded(&second));
    claim_embedded(world, &second).await;
    worker.set_down(false);
    let third = press(world, &customer, purchase).await.unwrap();
    assert_eq!((third.used, third.left), (3, 0));
    let states = vec![AttemptState::Revoked, AttemptState::Claimed, AttemptState::Issued];
    assert_eq!(attempts(world, &customer, purchase).await, (3, states));
    assert_eq!(kinds(world, purchase, "worker").await, ["claimed", "opened", "completed", "revoked"]);
    assert_eq!(downloads_told(world, &customer).await, 1);
});

async fn claim_embedded(world: &World, pressed: &links::Pressed) {
    let site = links::site(&world.store);
    let path = pressed.url.strip_prefix("http://127.0.0.1:3000").unwrap();
    let request = shared::link::Request::new("POST", path, "198.51.100.1", |_| None::<String>).unwrap();
    let located = site.locate(&request).unwrap();
    assert_eq!(links::answer(&world.store, &site, &request, &located).await.unwrap().response.status, 303);
}

on_both!(three_attempts_whatever_answers, |world| {
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    worker.set_down(true);
    for _ in 0..2 {
        claim_embedded(world, &press(world, &customer, purchase).await.unwrap()).await;
    }
    worker.set_down(false);
    let last = path(world, &customer, purchase).await;
    worker.set_down(true);
    // The last one may be claimed already, for all that is known.
    assert_eq!(code(press(world, &customer, purchase).await), Code::Unavailable);
    worker.download(purchase, &last);
    worker.set_down(false);
    assert_eq!(code(press(world, &customer, purchase).await), Code::DownloadsExhausted);
    assert_eq!(attempts(world, &customer, purchase).await.0, 3);
    assert_eq!(kinds(world, purchase, "embedded").await, ["claimed", "claimed"]);
    assert_eq!(kinds(world, purchase, "worker").await, ["claimed", "opened", "completed"]);
});

on_both!(time_alone_ends_an_unclaimed_link, |world| {
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    let link = path(world, &customer, purchase).await;
    worker.set_down(true);
    world.clock.advance(2 * ms::HOUR);
    for _ in 0..2 {
        assert_eq!(attempts(world, &customer, purchase).await, (0, vec![AttemptState::Expired]));
        cleanup::sweep(&world.store).await.unwrap();
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM links WHERE phase = 'expired'").await, 1);
    assert!(kinds(world, purchase, "worker").await.is_empty(), "it is no event");
    let next = press(world, &customer, purchase).await.unwrap();
    assert_eq!((is_embedded(&next), next.used), (true, 1));
    assert_eq!(worker.ask(&mut String::new(), "POST", &link).status, 410);
    assert_eq!(world.count("SELECT COUNT(*) FROM worker_calls").await, 0, "there is nothing left to revoke");
});

on_both!(a_refund_is_told_until_it_is_heard, |world| {
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    let unclaimed = path(world, &customer, purchase).await;
    let owner = world.owner().await;
    worker.set_down(true);
    sales::refund(&world.store, &owner, purchase, "لم يعمل", None, &world.origin()).await.unwrap();
    assert_eq!(code(press(world, &customer, purchase).await), Code::PurchaseRefunded);
    for calls in (worker.calls() + 1..).take(6) {
        edge::deliver(&world.store).await.unwrap();
        assert_eq!(worker.calls(), calls);
        edge::deliver(&world.store).await.unwrap();
        assert_eq!(worker.calls(), calls, "not again at once");
        world.clock.advance(41 * ms::SECOND);
    }
    assert_eq!(world.count("SELECT tries FROM worker_calls").await, 6);
    worker.set_down(false);
    edge::deliver(&world.store).await.unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM worker_calls").await, 0);
    // The Worker had never seen this link.
    assert_eq!(worker.ask(&mut String::new(), "POST", &unclaimed).status, 410);
    assert_eq!(kinds(world, purchase, "worker").await, ["revoked"]);
    assert_eq!(attempts(world, &customer, purchase).await.0, 0);
});

on_both!(a_revocation_that_never_arrives_is_forgotten, |world| {
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    path(world, &customer, purchase).await;
    worker.set_down(true);
    let owner = world.owner().await;
    sales::refund(&world.store, &owner, purchase, "لم يعمل", None, &world.origin()).await.unwrap();
    for (later, left) in [(4 * ms::HOUR - 1, 1), (1, 0)] {
        world.clock.advance(later);
        cleanup::sweep(&world.store).await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM worker_calls").await, left, "streams could still be opened until then");
    }
});

on_both!(a_block_revokes_at_both_gateways, |world| {
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    let other = world.bought(&customer, world.file("آخر", 5).await).await;
    let at_worker = path(world, &customer, purchase).await;
    worker.set_down(true);
    let embedded = press(world, &customer, other).await.unwrap();
    let (claimed, claim) = {
        let third = world.bought(&customer, world.file("ثالث", 5).await).await;
        let pressed = press(world, &customer, third).await.unwrap();
        claim_embedded(world, &pressed).await;
        (third, pressed)
    };
    worker.set_down(false);
    let owner = world.owner().await;
    accounts::set_blocked(&world.store, &owner, &customer.serial, true, &world.origin()).await.unwrap();
    edge::deliver(&world.store).await.unwrap();
    assert_eq!(worker.ask(&mut String::new(), "POST", &at_worker).status, 410);
    assert_eq!(attempts(world, &customer, other).await, (0, vec![AttemptState::Expired]));
    assert_eq!(attempts(world, &customer, claimed).await, (1, vec![AttemptState::Revoked]));
    for pressed in [embedded, claim] {
        let site = links::site(&world.store);
        let path = pressed.url.strip_prefix("http://127.0.0.1:3000").unwrap();
        let request = shared::link::Request::new("POST", path, "198.51.100.1", |_| None::<String>).unwrap();
        let located = site.locate(&request).unwrap();
        assert_eq!(links::answer(&world.store, &site, &request, &located).await.unwrap().response.status, 410);
    }
    // Whoever was signed in a moment ago gets no link either.
    assert_eq!(code(press(world, &customer, other).await), Code::AccountBlocked);
    accounts::set_blocked(&world.store, &owner, &customer.serial, false, &world.origin()).await.unwrap();
    assert_eq!(press(world, &customer, other).await.unwrap().used, 1);
});

on_both!(what_the_worker_tells_of_a_forgotten_person_brings_nothing_back, |world| {
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    let path = path(world, &customer, purchase).await;
    worker.download(purchase, &path);
    let told = worker.dispatch(purchase);
    let claimed = Dispatch { records: told.records[..1].to_vec(), ..told.clone() };
    assert_eq!(edge::receive(&world.store, &claimed).await.unwrap().sequence, 1);
    let traces = async || {
        let states = world.count("SELECT COUNT(*) FROM links WHERE state LIKE '%198.51.100.1%'").await;
        (states, world.count("SELECT COUNT(*) FROM download_events WHERE ip <> '' OR user_agent <> ''").await)
    };
    assert_eq!(traces().await, (1, 1));
    let owner = world.owner().await;
    let serial: Serial = customer.serial.parse().unwrap();
    customers::erase(&world.store, &owner, &serial, serial.as_str(), &world.origin()).await.unwrap();
    // What was told before, what was still to be told, and the revocation's answer.
    for dispatch in [&claimed, &told] {
        edge::receive(&world.store, dispatch).await.unwrap();
        assert_eq!(traces().await, (0, 0));
    }
    edge::deliver(&world.store).await.unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM worker_calls").await, 0);
    edge::receive(&world.store, &worker.dispatch(purchase)).await.unwrap();
    assert_eq!(traces().await, (0, 0));
    assert_eq!(kinds(world, purchase, "worker").await, ["claimed", "opened", "completed", "revoked"], "the steps themselves stay");
    assert_eq!(attempts(world, &customer, purchase).await, (1, vec![AttemptState::Revoked]));
    assert_eq!(downloads_told(world, &customer).await, 0);
});

on_both!(numbers_go_on_after_the_worker_forgot, |world| {
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    let first = path(world, &customer, purchase).await;
    worker.download(purchase, &first);
    assert!(edge::settle(&world.store, purchase).await.unwrap());
    world.clock.advance(2 * ms::DAY);
    worker.forget(purchase);
    let second = path(world, &customer, purchase).await;
    worker.download(purchase, &second);
    assert!(edge::settle(&world.store, purchase).await.unwrap());
    assert_eq!(kinds(world, purchase, "worker").await, ["claimed", "opened", "completed", "claimed", "opened", "completed"]);
    assert_eq!(attempts(world, &customer, purchase).await.0, 2);
});

on_both!(a_link_of_one_gateway_is_nothing_to_the_other, |world| {
    let (world, worker) = &world.with_worker().await;
    let (customer, purchase) = owner_of_a_file(world).await;
    let link = path(world, &customer, purchase).await;
    let mut cookie = String::new();
    let file = links_file(worker, &mut cookie, &link);
    assert!(edge::settle(&world.store, purchase).await.unwrap());
    // The store knows the claim now, and its hash; a browser that carries the cookie over gets nothing for it.
    let site = links::site(&world.store);
    for path in [&link, &file] {
        let request = shared::link::Request::new("GET", path, "198.51.100.1", |name| (name == "cookie").then(|| cookie.clone())).unwrap();
        let status = match site.locate(&request) {
            Ok(located) => links::answer(&world.store, &site, &request, &located).await.unwrap().response.status,
            Err(refused) => refused.status,
        };
        assert_eq!(status, 404, "{path}");
    }
    assert_eq!(code(links::apply(&world.store, purchase, 1, &Event::Revoke).await), Code::NotFound);
});

on_both!(a_message_is_answered_once, |world| {
    assert!(edge::is_first(&world.store, "origin_1").await.unwrap());
    assert!(!edge::is_first(&world.store, "origin_1").await.unwrap());
    assert!(edge::is_first(&world.store, "origin_2").await.unwrap());
    world.clock.advance(10 * ms::MINUTE);
    cleanup::sweep(&world.store).await.unwrap();
    assert!(!edge::is_first(&world.store, "origin_1").await.unwrap(), "its signature may still hold");
    world.clock.advance(1);
    cleanup::sweep(&world.store).await.unwrap();
    assert!(edge::is_first(&world.store, "origin_1").await.unwrap());
});
