//! `kill -9` in the middle of everything: purchases, recharges by code and downloads run against the real program until it is
//! killed at a random moment, then it is started again and compared with what its customers were told.
//!
//! What was acknowledged must be there, an unacknowledged operation wholly or not at all, and repeating either changes nothing.
//! A kill loses what the program still held, not what the kernel has: that commits reach the disk is the databases' own promise
//! (`synchronous = FULL`, `synchronous_commit`), and is not tried here.
//!
//! `CRASH_ROUNDS` (50 on each database) and `CRASH_SEED` (printed) change the run.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests fail by panicking, and speak for themselves")]

mod audit;
mod customer;
mod database;
mod shop;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use customer::Customer;
use database::Database;
use futures::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use shop::Shop;

const ROUNDS: u32 = 50;
const CUSTOMERS: u32 = 8;
/// The kill falls somewhere in these milliseconds after the load began.
const MOMENT: std::ops::Range<u64> = 20..500;
/// Customers of earlier rounds are looked at again at the end, as long as their access tokens (five minutes) live and
/// leave time to look.
const TOKEN_LIFE: Duration = Duration::from_secs(200);

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    survive(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    survive(Database::postgres().await).await;
}

/// The proof that the comparison sees what is missing: a store that forgot a whole load is told so, kind by kind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_forgets_is_found_out() {
    let mut shop = Shop::open(Database::sqlite(), 1).await;
    let customers = open_customers(&shop, 1).await;
    shop.kill();
    let before = shop.database().copy();
    shop.start().await;
    // Long enough for one of each kind on a machine that has much else to do.
    let mut customers = load(&mut shop, customers, 1, Duration::from_secs(6)).await;
    shop.database().put_back(&before);
    shop.start().await;
    join_all(customers.iter_mut().map(audit::after_crash)).await;
    let faults = faults_of(&mut customers).join("\n");
    for kind in ["coins", "purchase", "recharge", "link"] {
        assert!(faults.lines().any(|fault| fault.contains(kind)), "nothing about a {kind} was found in:\n{faults}");
    }
}

async fn survive(database: Database) {
    let (rounds, seed) = (setting("CRASH_ROUNDS").unwrap_or(ROUNDS), setting("CRASH_SEED").unwrap_or_else(rand::random::<u64>));
    let name = database.name();
    eprintln!("{name}: CRASH_SEED={seed} CRASH_ROUNDS={rounds}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut shop = Shop::open(database, rounds).await;
    let (mut known, mut acknowledged, mut unsettled): (Vec<Customer>, usize, usize) = (Vec::new(), 0, 0);
    for round in 1..=rounds {
        let customers = open_customers(&shop, round).await;
        let moment = Duration::from_millis(random.random_range(MOMENT));
        let mut customers = load(&mut shop, customers, u64::from(random.random::<u32>()), moment).await;
        acknowledged += customers.iter().map(Customer::acknowledged).sum::<usize>();
        unsettled += customers.iter().filter(|customer| customer.pending.is_some()).count();
        shop.start().await;
        // First what the crash left, before anybody asks for anything.
        let mut faults = shop.database().halves().await;
        faults.extend(shop.reconcile());
        join_all(customers.iter_mut().map(audit::after_crash)).await;
        faults.extend(faults_of(&mut customers));
        faults.extend(shop.database().halves().await);
        assert!(faults.is_empty(), "{name}, CRASH_SEED={seed}, round {round}, killed after {moment:?}:\n{}", faults.join("\n"));
        known.append(&mut customers);
    }
    known.retain(|customer| customer.opened.elapsed() < TOKEN_LIFE);
    let looked_at_again = known.len();
    join_all(known.iter_mut().map(audit::settled)).await;
    shop.kill();
    let mut faults = faults_of(&mut known);
    faults.extend(shop.reconcile());
    assert!(faults.is_empty(), "{name}, CRASH_SEED={seed}, at the end:\n{}", faults.join("\n"));
    assert!(acknowledged > 0 && unsettled > 0, "{name}: the kills hit nothing: {acknowledged} acknowledged, {unsettled} not");
    eprintln!(
        "{name}: {acknowledged} operations were acknowledged before a kill and are there, {unsettled} were not and are whole or absent; \
         {looked_at_again} customers agree at the end; slowest start {} ms",
        shop.slowest_start().as_millis()
    );
    shop.close().await;
}

async fn open_customers(shop: &Shop, round: u32) -> Vec<Customer> {
    join_all((0..CUSTOMERS).map(|number| Customer::open(shop, round, number))).await
}

/// Lets the customers work until the server is killed, `moment` after they began.
async fn load(shop: &mut Shop, customers: Vec<Customer>, seed: u64, moment: Duration) -> Vec<Customer> {
    let killed = Arc::new(AtomicBool::new(false));
    let begun = Instant::now();
    let work = customers.into_iter().zip(seed..).map(|(mut customer, seed)| {
        let killed = killed.clone();
        tokio::spawn(async move {
            customer.work(StdRng::seed_from_u64(seed), &killed).await;
            customer
        })
    });
    let work: Vec<_> = work.collect();
    tokio::time::sleep_until((begun + moment).into()).await;
    killed.store(true, Ordering::SeqCst);
    shop.kill();
    let customers = join_all(work).await.into_iter().map(Result::unwrap).collect();
    shop.database().settled().await;
    customers
}

fn faults_of(customers: &mut [Customer]) -> Vec<String> {
    customers.iter_mut().flat_map(|customer| std::mem::take(&mut customer.faults)).collect()
}
