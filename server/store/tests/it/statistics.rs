//! Statistics against sums that are made here, of the ledger's rows, one by one.

use std::collections::BTreeSet;

use shared::{
    Code, Day, Instant,
    api::{
        Role,
        admin::{Figures, SettingsRequest, Statistics, Step},
    },
    ms,
};
use sqlx::{Connection, Row};
use store::{Customer, Staff, cleanup, codes, customers, links, sales, settings, statistics, subscriptions, wallet};

use crate::{
    on_both,
    world::{World, code},
};

/// Numbers that repeat, and look random enough.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// Every transfer: customer, kind, coins (positive came in), when.
async fn transfers(world: &World) -> Vec<(i64, String, i64, i64)> {
    let mut connection = sqlx::AnyConnection::connect(&world.database_url).await.unwrap();
    let rows = sqlx::query("SELECT customer_id, target, kind, amount, created_at FROM transfers ORDER BY id")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    rows.iter()
        .map(|row| {
            let (customer, target, amount): (i64, i64, i64) = (row.get("customer_id"), row.get("target"), row.get("amount"));
            (customer, row.get("kind"), if target == customer { amount } else { -amount }, row.get("created_at"))
        })
        .collect()
}

async fn instants(world: &World, sql: &str) -> Vec<i64> {
    let mut connection = sqlx::AnyConnection::connect(&world.database_url).await.unwrap();
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap()
}

/// The figures of some days, summed here.
async fn expected(world: &World, from: Day, to: Day, offset: i64) -> Figures {
    let within = |at: i64| (from..=to).contains(&Day::of(Instant(at), offset));
    let mut figures = Figures::default();
    let mut active = BTreeSet::new();
    for (customer, kind, coins, at) in transfers(world).await.into_iter().filter(|(_, _, _, at)| within(*at)) {
        active.insert(customer);
        match kind.as_str() {
            "activation_bonus" => figures.issued_bonus += coins,
            "recharge_code" => (figures.issued_codes, figures.codes_redeemed) = (figures.issued_codes + coins, figures.codes_redeemed + 1),
            "direct_recharge" => figures.issued_direct += coins,
            "purchase" => (figures.spent_files, figures.sales) = (figures.spent_files - coins, figures.sales + 1),
            "subscription" => (figures.spent_packages, figures.packages) = (figures.spent_packages - coins, figures.packages + 1),
            "refund" => (figures.refunded, figures.refunds) = (figures.refunded + coins, figures.refunds + 1),
            other => panic!("{other}"),
        }
        _ = at;
    }
    let count = async |sql: &str| instants(world, sql).await.into_iter().filter(|at| within(*at)).count().try_into().unwrap();
    figures.taken = count("SELECT created_at FROM purchases WHERE subscription_id IS NOT NULL").await;
    figures.new_customers = count("SELECT activated_at FROM customers WHERE activated_at IS NOT NULL").await;
    figures.downloads = count("SELECT created_at FROM download_events WHERE kind = 'claimed'").await;
    figures.failed = count("SELECT created_at FROM download_events WHERE kind IN ('ended', 'storage_failed')").await;
    let mut connection = sqlx::AnyConnection::connect(&world.database_url).await.unwrap();
    for row in sqlx::query("SELECT customer_id, created_at FROM purchases").fetch_all(&mut connection).await.unwrap() {
        if within(row.get("created_at")) {
            active.insert(row.get("customer_id"));
        }
    }
    figures.active_customers = i64::try_from(active.len()).unwrap();
    figures
}

/// A day of the shop: what people do is drawn by the dice.
async fn live_a_day(world: &World, owner: &Staff, customers: &mut Vec<Customer>, dice: &mut Dice) {
    let store = &world.store;
    for _ in 0..dice.below(3) {
        customers.push(world.activated(i64::try_from(customers.len()).unwrap() + 1).await);
    }
    for _ in 0..2 + dice.below(6) {
        world.clock.advance(i64::try_from(dice.below(5 * 3_600_000)).unwrap());
        let Some(customer) = customers.get(usize::try_from(dice.below(customers.len().max(1) as u64)).unwrap()).cloned() else { continue };
        match dice.below(6) {
            0 => {
                let reseller = format!("موزّع {}", dice.below(2));
                let batch = codes::NewBatch { value: 50, count: 2, label: "اختبار".to_owned(), reseller, expires_at: None };
                let made = codes::generate(store, &batch, &codes::Maker::Operator, &world.origin()).await.unwrap();
                wallet::redeem_code(store, &customer, &made.codes[0], None, &world.origin()).await.unwrap();
            }
            1 => _ = wallet::direct_recharge(store, owner, &customer.serial, 25, None, &world.origin()).await.unwrap(),
            2 => _ = subscriptions::subscribe(store, &customer, shared::PackageId(1), None, &world.origin()).await,
            _ => {
                let file = shared::FileId(i64::try_from(dice.below(12)).unwrap() + 1);
                if let Ok(bought) = sales::purchase(store, &customer, file, None, &world.origin()).await {
                    if dice.below(4) == 0 {
                        sales::refund(store, owner, bought.purchase_id, "تجربة", None, &world.origin()).await.unwrap();
                    } else if dice.below(2) == 0 {
                        links::press_download(store, &customer, bought.purchase_id, &world.origin()).await.unwrap();
                    }
                }
            }
        }
    }
}

async fn a_shop(world: &World) -> Staff {
    let owner = world.owner().await;
    for index in 0..12 {
        world.file(&format!("ملف {index}"), 5 + 3 * index).await;
    }
    let package = subscriptions::NewPackage {
        name: "باقة".to_owned(),
        description: String::new(),
        price: 30,
        days: 20,
        files: 2,
        categories: Vec::new(),
    };
    subscriptions::offer(&world.store, &owner, &package, &world.origin()).await.unwrap();
    owner
}

/// What is told of some days is what is summed here, of each step and of all.
async fn must_agree(world: &World, owner: &Staff, from: Day, to: Day) -> Statistics {
    let offset = world.store.settings().utc_offset;
    let told = statistics::of(&world.store, owner, from, to).await.unwrap();
    assert_eq!(told.total, expected(world, from, to, offset).await, "{from} to {to}");
    let length = to.0 - from.0 + 1;
    assert_eq!(told.before, expected(world, from.plus(-length), from.plus(-1), offset).await, "before {from}");
    for (index, moment) in told.series.iter().enumerate() {
        let end = told.series.get(index + 1).map_or(to, |next| next.start.plus(-1));
        assert_eq!(moment.figures, expected(world, moment.start, end, offset).await, "{} to {end}", moment.start);
    }
    let moves = transfers(world).await;
    let held =
        |end: Day| moves.iter().filter(|(_, _, _, at)| Day::of(Instant(*at), offset) < end).map(|(_, _, coins, _)| coins).sum::<i64>();
    assert_eq!((told.liability, told.liability_before), (held(to.plus(1)), held(from)));
    assert_eq!(told.liability - told.liability_before, told.total.growth());
    let by_category = |of: fn(&shared::api::admin::Sold) -> i64| told.categories.iter().map(|category| of(&category.sold)).sum::<i64>();
    assert_eq!(by_category(|sold| sold.coins), told.total.spent_files);
    assert_eq!(by_category(|sold| sold.refunded), told.total.refunded);
    assert_eq!(by_category(|sold| sold.taken), told.total.taken);
    // Twelve files, ten listed.
    assert!(told.files.iter().map(|file| file.sold.coins).sum::<i64>() <= told.total.spent_files);
    assert_eq!(told.resellers.iter().map(|reseller| reseller.coins).sum::<i64>(), told.total.issued_codes);
    told
}

on_both!(figures_are_the_ledgers_whatever_is_counted, |world| {
    let owner = a_shop(world).await;
    let mut dice = Dice(17);
    let mut customers = vec![world.activated(0).await];
    let first = statistics::today(&world.store);
    for day in 0..70_i64 {
        live_a_day(world, &owner, &mut customers, &mut dice).await;
        let now = world.store.now();
        world.clock.advance((ms::DAY - now.0.rem_euclid(ms::DAY)) + i64::try_from(dice.below(7_200_000)).unwrap());
        // Some days the sweep runs, some days it does not.
        if day % 3 == 0 {
            cleanup::sweep(&world.store).await.unwrap();
        }
        if day % 23 == 7 {
            world.must_reconcile().await;
        }
    }
    let today = statistics::today(&world.store);
    assert!(today.0 - first.0 >= 69 && customers.len() > 20);
    let all = must_agree(world, &owner, first, today).await;
    assert_eq!(all.step, Step::Month);
    assert!(all.total.sales > 20 && all.total.taken > 0 && all.total.refunds > 0 && all.total.packages > 0 && all.total.downloads == 0);
    assert_eq!(all.liability, world.count("SELECT CAST(SUM(balance) AS BIGINT) FROM customers").await);
    let open = "SELECT CAST(SUM(code_batches.value) AS BIGINT) FROM codes JOIN code_batches ON code_batches.id = batch_id WHERE redeemed_at IS NULL";
    assert_eq!(all.open_codes_coins, world.count(open).await);
    assert_eq!(all.conversion.opened, i64::try_from(customers.len()).unwrap());
    assert_eq!(
        all.conversion.bought,
        world.count("SELECT COUNT(DISTINCT customer_id) FROM transfers WHERE kind IN ('purchase', 'subscription')").await
    );
    for (from, to) in
        [(today, today), (today.plus(-6), today), (first.plus(3), first.plus(50)), (first.plus(20), first.plus(21)), (today.month(), today)]
    {
        must_agree(world, &owner, from, to).await;
    }
    let week = must_agree(world, &owner, today.plus(-6), today).await;
    let glance = statistics::glance(&world.store, &owner).await.unwrap();
    assert_eq!((glance.days, glance.liability), (week.series, week.liability));
    // On another clock the days are others: at once from the rows, after the sweep from what was counted anew.
    let request = SettingsRequest { utc_offset_minutes: Some(-330), ..SettingsRequest::default() };
    settings::change(&world.store, &owner, &request, &world.origin()).await.unwrap();
    must_agree(world, &owner, first, today).await;
    cleanup::sweep(&world.store).await.unwrap();
    must_agree(world, &owner, first, today).await;
});

on_both!(what_comes_late_is_counted_too, |world| {
    let owner = a_shop(world).await;
    let customer = world.activated(0).await;
    world.bought(&customer, shared::FileId(1)).await;
    let day = statistics::today(&world.store);
    world.clock.advance(40 * ms::DAY);
    cleanup::sweep(&world.store).await.unwrap();
    let event = |sequence: i64, at: Instant| {
        format!(
            "INSERT INTO download_events (purchase_id, gateway, sequence, link, kind, ip, user_agent, detail, created_at)
             VALUES (1, 'worker', {sequence}, 1, 'claimed', '', '', '', {})",
            at.0
        )
    };
    let told = async || statistics::of(&world.store, &owner, day, day).await.unwrap().total.downloads;
    assert_eq!(told().await, 0);
    world.sql(&event(1, day.start(world.store.settings().utc_offset))).await.unwrap();
    world.sql("UPDATE purchases SET worker_events = 1").await.unwrap();
    assert_eq!(told().await, 1, "from the rows");
    world.must_reconcile().await;
    cleanup::sweep(&world.store).await.unwrap();
    assert_eq!(told().await, 1, "counted anew");
    must_agree(world, &owner, day, statistics::today(&world.store)).await;
});

on_both!(reconcile_finds_wrong_counts, |world| {
    let owner = a_shop(world).await;
    let customer = world.activated(0).await;
    world.bought(&customer, shared::FileId(1)).await;
    world.clock.advance(60 * ms::DAY);
    cleanup::sweep(&world.store).await.unwrap();
    world.must_reconcile().await;
    assert_eq!(statistics::of(&world.store, &owner, Day(20_000), Day(20_001)).await.unwrap().total, Figures::default());
    for (wrong, right, lines) in [
        (
            "UPDATE counts SET coins = coins + 1 WHERE unit = 'day' AND what = 'out.purchase'",
            "UPDATE counts SET coins = coins - 1 WHERE unit = 'day' AND what = 'out.purchase'",
            2,
        ),
        (
            "UPDATE counts SET number = number + 1 WHERE unit = 'month' AND what = 'activated'",
            "UPDATE counts SET number = number - 1 WHERE unit = 'month' AND what = 'activated'",
            1,
        ),
        ("UPDATE customers SET first_spent_at = first_spent_at + 1", "UPDATE customers SET first_spent_at = first_spent_at - 1", 1),
        (
            "UPDATE active_customers SET ids = 'AA' WHERE unit = 'day'",
            "UPDATE active_customers SET ids = (SELECT months.ids FROM active_customers AS months WHERE months.unit = 'month') WHERE unit = 'day'",
            1,
        ),
    ] {
        world.sql(wrong).await.unwrap();
        let told = store::reconcile::reconcile(&world.store).await.unwrap();
        assert_eq!(told.len(), lines, "{wrong}: {told:?}");
        world.sql(right).await.unwrap();
        world.must_reconcile().await;
    }
});

on_both!(accounts_that_are_forgotten_were_opened, |world| {
    let owner = world.owner().await;
    let day = statistics::today(&world.store);
    for _ in 0..3 {
        world.open().await;
    }
    world.activated(1).await;
    world.clock.advance(8 * ms::DAY);
    cleanup::sweep(&world.store).await.unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM customers").await, 1);
    let told = statistics::of(&world.store, &owner, day, day).await.unwrap().conversion;
    assert_eq!((told.opened, told.activated, told.bought), (4, 1, 0));
});

on_both!(an_erased_temporary_account_is_no_new_customer, |world| {
    let owner = world.owner().await;
    let day = statistics::today(&world.store);
    let (account, _) = world.open().await;
    let serial: shared::Serial = account.serial.parse().unwrap();
    customers::erase(&world.store, &owner, &serial, serial.as_str(), &world.origin()).await.unwrap();
    let customer = world.activated(1).await;
    world.clock.advance(1);
    // Whoever was a customer stays one in the figures.
    customers::erase(&world.store, &owner, &customer.serial.parse().unwrap(), &customer.serial, &world.origin()).await.unwrap();
    // Of the rows, then as they were counted.
    for _ in 0..2 {
        let told = statistics::of(&world.store, &owner, day, day).await.unwrap();
        assert_eq!((told.total.new_customers, told.conversion.opened, told.conversion.activated), (1, 2, 1));
        world.clock.advance(2 * ms::DAY);
        cleanup::sweep(&world.store).await.unwrap();
    }
});

on_both!(figures_are_for_those_who_may_see_them, |world| {
    let support = world.member("support", Role::Support).await;
    let today = statistics::today(&world.store);
    assert_eq!(code(statistics::of(&world.store, &support, today, today).await), Code::Forbidden);
    assert_eq!(code(statistics::glance(&world.store, &support).await), Code::Forbidden);
    assert_eq!(code(statistics::days(&world.store, &support, "never", "", "")), Code::Forbidden);
    let manager = world.member("manager", Role::Manager).await;
    let days = |range: &str, from: &str, to: &str| statistics::days(&world.store, &manager, range, from, to);
    assert_eq!(days("", "", "").unwrap(), (today.plus(-6), today));
    assert_eq!(days("month", "", "").unwrap(), (today.month(), today));
    assert_eq!(days("", "2026-01-31", "2026-02-01").unwrap(), ("2026-01-31".parse().unwrap(), "2026-02-01".parse().unwrap()));
    for (range, from, to) in [
        ("week5", "", ""),
        ("custom", "", ""),
        ("", "2026-02-30", "2026-03-01"),
        ("", "2026-03-02", "2026-03-01"),
        ("", "1990-01-01", "2026-03-01"),
    ] {
        assert_eq!(code(days(range, from, to)), Code::Invalid, "{range} {from} {to}");
    }
});
