//! Statistics against sums that are made here: of the ledger's rows, one by one, and of what the test saw happen.

use std::collections::BTreeSet;

use shared::{
    Code, Day, Instant, PurchaseId, TransferId,
    api::{
        Role,
        admin::{Figures, SettingsRequest, Statistics, Step},
    },
    link::{Body, Client, Event, Stream},
    ms,
};
use sqlx::{Connection, Row};
use store::{Customer, Staff, cleanup, codes, customers, links, sales, settings, statistics, subscriptions, wallet};

use crate::{
    browser::{Browser, location, path},
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

/// What the test counts itself.
enum Seen {
    /// So many coins were taken back.
    Corrected(i64),
    /// A link was claimed.
    Claimed,
    /// Every byte of a file was sent.
    Completed,
    /// Storage failed, or the time was over before every byte was sent.
    Failed,
    /// A request was refused.
    Refused,
}

/// What the dice made of a shop.
#[derive(Default)]
struct Life {
    customers: Vec<Customer>,
    /// Direct recharges that nobody took back.
    recharges: Vec<TransferId>,
    /// Until when the links are good that were claimed and of which not every byte was sent.
    unfinished: Vec<Instant>,
    seen: Vec<(Instant, Seen)>,
}

impl Life {
    fn saw(&mut self, world: &World, seen: Seen) {
        self.seen.push((world.store.now(), seen));
    }

    /// Sweeps, which is when links are found to have ended.
    async fn sweep(&mut self, world: &World) {
        cleanup::sweep(&world.store).await.unwrap();
        let now = world.store.now();
        let claimed = self.unfinished.len();
        self.unfinished.retain(|until| *until > now);
        for _ in self.unfinished.len()..claimed {
            self.saw(world, Seen::Failed);
        }
    }
}

/// The figures of some days, summed here.
async fn expected(world: &World, seen: &[(Instant, Seen)], from: Day, to: Day, offset: i64) -> Figures {
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
            // Counted when it was made.
            "correction" => {}
            other => panic!("{other}"),
        }
        _ = at;
    }
    for (_, seen) in seen.iter().filter(|(at, _)| within(at.0)) {
        match seen {
            Seen::Corrected(coins) => figures.corrected -= coins,
            Seen::Claimed => figures.downloads += 1,
            Seen::Completed => figures.completed += 1,
            Seen::Failed => figures.failed += 1,
            Seen::Refused => figures.refused += 1,
        }
    }
    let count = async |sql: &str| instants(world, sql).await.into_iter().filter(|at| within(*at)).count().try_into().unwrap();
    figures.taken = count("SELECT created_at FROM purchases WHERE subscription_id IS NOT NULL").await;
    figures.new_customers = count("SELECT activated_at FROM customers WHERE activated_at IS NOT NULL").await;
    let mut connection = sqlx::AnyConnection::connect(&world.database_url).await.unwrap();
    for row in sqlx::query("SELECT customer_id, created_at FROM purchases").fetch_all(&mut connection).await.unwrap() {
        if within(row.get("created_at")) {
            active.insert(row.get("customer_id"));
        }
    }
    figures.active_customers = i64::try_from(active.len()).unwrap();
    figures
}

/// Takes some coins of a recharge back, maybe days after it was made, where the customer still has them.
async fn correct(world: &World, owner: &Staff, life: &mut Life, dice: &mut Dice) {
    let recharge = life.recharges.swap_remove(usize::try_from(dice.below(life.recharges.len() as u64)).unwrap());
    let coins = i64::try_from(dice.below(25)).unwrap() + 1;
    match wallet::correct(&world.store, owner, recharge, coins, "خطأ", None, &world.origin()).await {
        Ok(_) => life.saw(world, Seen::Corrected(coins)),
        refused => assert_eq!(code(refused), Code::InsufficientBalance),
    }
}

/// The first download of a purchase: never claimed, tried by strangers, whole, whole and once more, failed, broken off, or too late.
async fn download(world: &World, customer: &Customer, purchase: PurchaseId, life: &mut Life, dice: &mut Dice) {
    let link = path(&links::press_download(&world.store, customer, purchase, &world.origin()).await.unwrap());
    if dice.below(6) == 0 {
        return;
    }
    let mut browser = Browser::default();
    let file = location(&browser.ask(world, "POST", &link).await);
    life.saw(world, Seen::Claimed);
    let until = world.store.now().plus(2 * ms::HOUR);
    for (method, path, status) in [("POST", &link, 409), ("GET", &file, 403)] {
        if dice.below(3) == 0 {
            assert_eq!(Browser::default().ask(world, method, path).await.status, status);
            life.saw(world, Seen::Refused);
        }
    }
    let client = Client { ip: "198.51.100.1".to_owned(), user_agent: "Browser".to_owned() };
    let opened = dice.below(5);
    if opened > 0 {
        let response = browser.ask(world, "GET", &file).await;
        let Body::Stream(Stream { id: stream, length, .. }) = response.body else { panic!("{}", response.status) };
        let end = match opened {
            1 => Event::StorageFailed { stream, client },
            2 => Event::Close { stream, sent: length / 2, exact: true, client },
            _ => Event::Close { stream, sent: length, exact: true, client },
        };
        links::apply(&world.store, purchase, 1, &end).await.unwrap();
        match opened {
            1 => life.saw(world, Seen::Failed),
            2 => {}
            _ => life.saw(world, Seen::Completed),
        }
        if opened > 2 {
            if dice.below(2) == 0 {
                assert_eq!(browser.ask(world, "GET", &file).await.status, 410, "a second copy does not exist");
                life.saw(world, Seen::Refused);
            }
            return;
        }
    }
    if dice.below(3) == 0 {
        world.clock.advance(2 * ms::HOUR);
        assert_eq!(browser.ask(world, "GET", &file).await.status, 410, "its time is over, which this request finds");
        life.saw(world, Seen::Failed);
        life.saw(world, Seen::Refused);
    } else {
        life.unfinished.push(until);
    }
}

/// A day of the shop: what people do is drawn by the dice.
async fn live_a_day(world: &World, owner: &Staff, life: &mut Life, dice: &mut Dice) {
    let store = &world.store;
    for _ in 0..dice.below(3) {
        life.customers.push(world.activated(i64::try_from(life.customers.len()).unwrap() + 1).await);
    }
    for _ in 0..2 + dice.below(6) {
        world.clock.advance(i64::try_from(dice.below(5 * 3_600_000)).unwrap());
        let customer = life.customers[usize::try_from(dice.below(life.customers.len() as u64)).unwrap()].clone();
        match dice.below(6) {
            0 => {
                let reseller = format!("موزّع {}", dice.below(2));
                let batch = codes::NewBatch { value: 50, count: 2, label: "اختبار".to_owned(), reseller, expires_at: None };
                let made = codes::generate(store, &batch, &codes::Maker::Operator).await.unwrap();
                wallet::redeem_code(store, &customer, &made.codes[0], None, &world.origin()).await.unwrap();
            }
            1 => {
                wallet::direct_recharge(store, owner, &customer.serial, 25, None, &world.origin()).await.unwrap();
                life.recharges.push(wallet::transactions(store, &customer, None, 1).await.unwrap().results[0].id);
                if dice.below(2) == 0 {
                    correct(world, owner, life, dice).await;
                }
            }
            2 => _ = subscriptions::subscribe(store, &customer, shared::PackageId(1), None, &world.origin()).await,
            _ => {
                let file = shared::FileId(i64::try_from(dice.below(12)).unwrap() + 1);
                if let Ok(bought) = sales::purchase(store, &customer, file, None, &world.origin()).await {
                    if dice.below(4) == 0 {
                        sales::refund(store, owner, bought.purchase_id, "تجربة", None, &world.origin()).await.unwrap();
                    } else if dice.below(2) == 0 {
                        download(world, &customer, bought.purchase_id, life, dice).await;
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
async fn must_agree(world: &World, owner: &Staff, seen: &[(Instant, Seen)], from: Day, to: Day) -> Statistics {
    let offset = world.store.settings().utc_offset;
    let told = statistics::of(&world.store, owner, from, to).await.unwrap();
    assert_eq!(told.total, expected(world, seen, from, to, offset).await, "{from} to {to}");
    let length = to.0 - from.0 + 1;
    assert_eq!(told.before, expected(world, seen, from.plus(-length), from.plus(-1), offset).await, "before {from}");
    for (index, moment) in told.series.iter().enumerate() {
        let end = told.series.get(index + 1).map_or(to, |next| next.start.plus(-1));
        assert_eq!(moment.figures, expected(world, seen, moment.start, end, offset).await, "{} to {end}", moment.start);
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
    let mut life = Life { customers: vec![world.activated(0).await], ..Life::default() };
    let first = statistics::today(&world.store);
    for day in 0..70_i64 {
        live_a_day(world, &owner, &mut life, &mut dice).await;
        let now = world.store.now();
        world.clock.advance((ms::DAY - now.0.rem_euclid(ms::DAY)) + i64::try_from(dice.below(7_200_000)).unwrap());
        // Some days the sweep runs, some days it does not.
        if day % 3 == 0 {
            life.sweep(world).await;
        }
        if day % 23 == 7 {
            world.must_reconcile().await;
        }
    }
    let today = statistics::today(&world.store);
    assert!(today.0 - first.0 >= 69 && life.customers.len() > 20);
    let all = must_agree(world, &owner, &life.seen, first, today).await;
    assert_eq!(all.step, Step::Month);
    assert!(all.total.sales > 20 && all.total.taken > 0 && all.total.refunds > 0 && all.total.packages > 0);
    let seen = [-all.total.corrected, all.total.downloads, all.total.completed, all.total.failed, all.total.refused];
    assert!(seen.iter().all(|number| *number > 5), "{seen:?}");
    assert_eq!(all.liability, world.count("SELECT CAST(SUM(balance) AS BIGINT) FROM customers").await);
    let open = "SELECT CAST(SUM(code_batches.value) AS BIGINT) FROM codes JOIN code_batches ON code_batches.id = batch_id WHERE redeemed_at IS NULL";
    assert_eq!(all.open_codes_coins, world.count(open).await);
    assert_eq!(all.conversion.opened, i64::try_from(life.customers.len()).unwrap());
    assert_eq!(
        all.conversion.bought,
        world.count("SELECT COUNT(DISTINCT customer_id) FROM transfers WHERE kind IN ('purchase', 'subscription')").await
    );
    for (from, to) in
        [(today, today), (today.plus(-6), today), (first.plus(3), first.plus(50)), (first.plus(20), first.plus(21)), (today.month(), today)]
    {
        must_agree(world, &owner, &life.seen, from, to).await;
    }
    let week = must_agree(world, &owner, &life.seen, today.plus(-6), today).await;
    let glance = statistics::glance(&world.store, &owner).await.unwrap();
    assert_eq!((glance.days, glance.liability), (week.series, week.liability));
    // On another clock the days are others: at once from the rows, after the sweep from what was counted anew.
    let request = SettingsRequest { utc_offset_minutes: Some(-330), ..SettingsRequest::default() };
    settings::change(&world.store, &owner, &request, &world.origin()).await.unwrap();
    must_agree(world, &owner, &life.seen, first, today).await;
    life.sweep(world).await;
    must_agree(world, &owner, &life.seen, first, today).await;
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
    let claimed = [(day.start(world.store.settings().utc_offset), Seen::Claimed)];
    must_agree(world, &owner, &claimed, day, statistics::today(&world.store)).await;
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
    assert_eq!(code(statistics::days(&world.store, &support, "never", "", "").await), Code::Forbidden);
    let manager = world.member("manager", Role::Manager).await;
    let days = async |range: &str, from: &str, to: &str| statistics::days(&world.store, &manager, range, from, to).await;
    assert_eq!(days("", "", "").await.unwrap(), (today.plus(-6), today));
    assert_eq!(days("month", "", "").await.unwrap(), (today.month(), today));
    assert_eq!(days("", "2026-01-31", "2026-02-01").await.unwrap(), ("2026-01-31".parse().unwrap(), "2026-02-01".parse().unwrap()));
    for (range, from, to) in [
        ("week5", "", ""),
        ("custom", "", ""),
        ("", "2026-02-30", "2026-03-01"),
        ("", "2026-03-02", "2026-03-01"),
        ("", "1990-01-01", "2026-03-01"),
    ] {
        assert_eq!(code(days(range, from, to).await), Code::Invalid, "{range} {from} {to}");
    }
});
