use shared::{Code, Notice, SubscriptionStage, api::admin::FileRequest, ms};
use store::{catalog, categories, files, sales, subscriptions};

use crate::{
    on_both,
    world::{at_once, code},
};

on_both!(a_subscription_covers_its_quota_and_no_more, |world| {
    let customer = world.activated(1).await;
    let covered = categories::ensure(&world.store, "تصميم").await.unwrap();
    let package = subscriptions::NewPackage {
        name: "باقة".to_owned(),
        description: String::new(),
        price: 60,
        days: 30,
        files: 3,
        categories: vec![covered],
    };
    let package = subscriptions::add(&world.store, &package).await.unwrap();
    let mut files = Vec::new();
    for index in 0..20 {
        files.push(world.file_in(covered, &format!("ملف {index}"), 50).await);
    }
    let outside = world.file("دليل", 30).await;
    let subscribed = at_once(10, |_| {
        let (store, customer, origin) = (world.store.clone(), customer.clone(), world.origin());
        async move { subscriptions::subscribe(&store, &customer, package, None, &origin).await.map_err(|error| error.problem().code) }
    })
    .await;
    assert_eq!(subscribed.iter().filter(|subscribed| subscribed.is_ok()).count(), 1, "{subscribed:?}");
    assert_eq!(world.balance(&customer).await, 40);
    let taken = at_once(20, |index| {
        let (store, customer, file, origin) = (world.store.clone(), customer.clone(), files[index], world.origin());
        async move { sales::purchase(&store, &customer, file, None, &origin).await.map_err(|error| error.problem().code) }
    })
    .await;
    assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 3);
    assert_eq!(world.balance(&customer).await, 40);
    assert_eq!(sales::purchase(&world.store, &customer, outside, None, &world.origin()).await.unwrap().new_balance, 10);
    let shown = subscriptions::packages(&world.store, Some(customer.id)).await.unwrap();
    assert_eq!(shown[0].subscription.as_ref().unwrap().files_left, 0);
    assert_eq!(sales::mine(&world.store, &customer).await.unwrap().len(), 4);
});

on_both!(a_subscription_ends_and_what_was_taken_stays, |world| {
    let customer = world.activated(1).await;
    let package = subscriptions::NewPackage {
        name: "باقة".to_owned(),
        description: String::new(),
        price: 60,
        days: 30,
        files: 3,
        categories: Vec::new(),
    };
    let package = subscriptions::add(&world.store, &package).await.unwrap();
    subscriptions::subscribe(&world.store, &customer, package, None, &world.origin()).await.unwrap();
    assert_eq!(code(subscriptions::subscribe(&world.store, &customer, package, None, &world.origin()).await), Code::AlreadySubscribed);
    let (first, second) = (world.file("أول", 50).await, world.file("ثان", 50).await);
    world.clock.advance(30 * ms::DAY - 1);
    world.bought(&customer, first).await;
    world.clock.advance(1);
    assert_eq!(code(sales::purchase(&world.store, &customer, second, None, &world.origin()).await), Code::InsufficientBalance);
    assert!(catalog::get(&world.store, first, Some(customer.id)).await.unwrap().purchase_id.is_some());
    assert!(subscriptions::packages(&world.store, Some(customer.id)).await.unwrap()[0].subscription.is_none());
});

fn package(name: &str, files: i64) -> subscriptions::NewPackage {
    subscriptions::NewPackage { name: name.to_owned(), description: String::new(), price: 10, days: 30, files, categories: Vec::new() }
}

on_both!(fifty_at_once_take_no_more_than_the_quota, |world| {
    let customer = world.activated(1).await;
    let package = subscriptions::add(&world.store, &package("باقة", 7)).await.unwrap();
    subscriptions::subscribe(&world.store, &customer, package, None, &world.origin()).await.unwrap();
    let mut files = Vec::new();
    for index in 0..50 {
        // Dearer than what is left: only what is covered can be had.
        files.push(world.file(&format!("ملف {index}"), 91).await);
    }
    let taken = at_once(50, |index| {
        let (store, customer, file, origin) = (world.store.clone(), customer.clone(), files[index], world.origin());
        async move { sales::purchase(&store, &customer, file, None, &origin).await.map_err(|error| error.problem().code) }
    })
    .await;
    assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 7);
    assert!(taken.iter().filter_map(|taken| taken.as_ref().err()).all(|code| *code == Code::InsufficientBalance), "{taken:?}");
    assert_eq!(world.balance(&customer).await, 90);
    assert_eq!(world.count("SELECT COUNT(*) FROM purchases WHERE price = 0 AND subscription_id IS NOT NULL").await, 7);
});

on_both!(customers_are_told_once_what_becomes_of_a_subscription, |world| {
    let customer = world.activated(1).await;
    let (long, short) = (package("طويلة", 3), package("قصيرة", 1));
    let (long, short) = (subscriptions::add(&world.store, &long).await.unwrap(), subscriptions::add(&world.store, &short).await.unwrap());
    subscriptions::subscribe(&world.store, &customer, short, None, &world.origin()).await.unwrap();
    world.clock.advance(1);
    let file = world.file("أول", 50).await;
    world.bought(&customer, file).await;
    subscriptions::subscribe(&world.store, &customer, long, None, &world.origin()).await.unwrap();
    let told = async || {
        for _ in 0..2 {
            store::cleanup::sweep(&world.store).await.unwrap();
        }
        let notices = store::notifications::list(&world.store, &customer, 50).await.unwrap();
        notices.into_iter().map(|told| told.notice).filter(|notice| matches!(notice, Notice::Subscription { .. })).collect::<Vec<_>>()
    };
    let used_up = told().await;
    assert!(matches!(&used_up[..], [Notice::Subscription { stage: SubscriptionStage::UsedUp, package, .. }] if package == "قصيرة"));
    world.clock.advance(27 * ms::DAY - 2);
    assert_eq!(told().await.len(), 1, "more than three days are left");
    world.clock.advance(2);
    let until = world.store.now().plus(3 * ms::DAY);
    let ending = told().await;
    let Notice::Subscription { stage: SubscriptionStage::Ending, package, until: ends, left: 3 } = &ending[0] else { panic!("{ending:?}") };
    assert!(package == "طويلة" && *ends <= until);
    assert_eq!(ending.len(), 2);
    world.clock.advance(3 * ms::DAY);
    let over = told().await;
    assert_eq!(over.len(), 4);
    assert!(over[..2].iter().all(|notice| matches!(notice, Notice::Subscription { stage: SubscriptionStage::Over, .. })));
});

on_both!(a_package_is_changed_for_new_subscribers_only, |world| {
    let owner = world.owner().await;
    let support = world.member("support", shared::api::Role::Support).await;
    assert_eq!(code(subscriptions::offer(&world.store, &support, &package("باقة", 2), &world.origin()).await), Code::Forbidden);
    let covered = categories::ensure(&world.store, "تصميم").await.unwrap();
    let other = categories::ensure(&world.store, "شبكات").await.unwrap();
    let bought = subscriptions::NewPackage { categories: vec![covered], ..package("باقة", 2) };
    let id = subscriptions::offer(&world.store, &owner, &bought, &world.origin()).await.unwrap();
    let customer = world.activated(1).await;
    subscriptions::subscribe(&world.store, &customer, id, None, &world.origin()).await.unwrap();
    let changed = subscriptions::NewPackage { categories: vec![other], price: 195, ..package("باقة أخرى", 9) };
    subscriptions::edit(&world.store, &owner, id, &changed, &world.origin()).await.unwrap();
    let file = world.file_in(covered, "أول", 91).await;
    assert_eq!(sales::purchase(&world.store, &customer, file, None, &world.origin()).await.unwrap().new_balance, 90);
    // No package covers the first category any more, but what was bought does.
    let moved = FileRequest {
        title: "أول".to_owned(),
        description: String::new(),
        category_id: other.0,
        price_coins: 91,
        kind: "other".to_owned(),
    };
    files::edit(&world.store, &owner, file, &moved, &world.origin()).await.unwrap();
    let shelves = categories::list(&world.store, &owner).await.unwrap();
    assert!(shelves.iter().all(|shelf| !shelf.empty), "{shelves:?}");
    assert_eq!(code(categories::delete(&world.store, &owner, covered, &world.origin()).await), Code::CategoryInUse);
    let listed = subscriptions::offered(&world.store, &owner).await.unwrap();
    assert_eq!((listed[0].name.as_str(), listed[0].running, listed[0].sold, listed[0].earned), ("باقة أخرى", 1, 1, 10));
    subscriptions::set_published(&world.store, &owner, id, false, &world.origin()).await.unwrap();
    let late = world.activated(2).await;
    assert_eq!(code(subscriptions::subscribe(&world.store, &late, id, None, &world.origin()).await), Code::NotFound);
    assert!(subscriptions::packages(&world.store, None).await.unwrap().is_empty());
    subscriptions::set_published(&world.store, &owner, id, true, &world.origin()).await.unwrap();
    assert_eq!(code(subscriptions::subscribe(&world.store, &late, id, None, &world.origin()).await.map(|_| ())), Code::InsufficientBalance);
    let nowhere = subscriptions::NewPackage { categories: vec![shared::CategoryId(999)], ..package("باقة", 2) };
    assert_eq!(code(subscriptions::edit(&world.store, &owner, id, &nowhere, &world.origin()).await), Code::Invalid);
    assert_eq!(code(subscriptions::edit(&world.store, &owner, shared::PackageId(99), &changed, &world.origin()).await), Code::NotFound);
});
