use shared::{Code, ms};
use store::{catalog, sales, subscriptions};

use crate::{
    on_both,
    world::{at_once, code},
};

on_both!(a_subscription_covers_its_quota_and_no_more, |world| {
    let customer = world.activated(1).await;
    let covered = catalog::ensure_category(&world.store, "تصميم").await.unwrap();
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
