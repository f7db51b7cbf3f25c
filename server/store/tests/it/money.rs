use shared::{
    Code, FieldCode, PurchaseId,
    api::{Role, TransferKind},
};
use store::{codes, reconcile, sales, subscriptions, wallet};

use crate::{
    on_both,
    world::{World, at_once, code},
};

on_both!(a_code_is_paid_once, |world| {
    let customer = world.activated(1).await;
    let printed = world.code(500).await;
    let recharged =
        wallet::redeem_code(&world.store, &customer, &printed.to_lowercase().replace('-', " "), None, &world.origin()).await.unwrap();
    assert_eq!((recharged.recharged_amount, recharged.new_balance), (500, 600));
    assert_eq!(code(wallet::redeem_code(&world.store, &customer, &printed, None, &world.origin()).await), Code::CodeAlreadyRedeemed);
    let other = world.activated(2).await;
    assert_eq!(code(wallet::redeem_code(&world.store, &other, &printed, None, &world.origin()).await), Code::CodeInvalid);
    let sums = wallet::balance(&world.store, &customer).await.unwrap();
    assert_eq!((sums.balance, sums.total_deposited, sums.total_spent), (600, 600, 0));
});

on_both!(frozen_expired_and_unknown_get_one_answer, |world| {
    let customer = world.activated(1).await;
    let (frozen, expired) = (world.code(500).await, world.code(500).await);
    world.sql("UPDATE code_batches SET frozen_at = 1 WHERE id = 1").await.unwrap();
    world.sql("UPDATE code_batches SET expires_at = 1 WHERE id = 2").await.unwrap();
    for typed in [&frozen, &expired, "OLDCODE12345"] {
        assert_eq!(code(wallet::redeem_code(&world.store, &customer, typed, None, &world.origin()).await), Code::CodeInvalid);
    }
    world.sql("UPDATE code_batches SET frozen_at = NULL").await.unwrap();
    wallet::redeem_code(&world.store, &customer, &frozen, None, &world.origin()).await.unwrap();
});

on_both!(a_typing_slip_is_no_guess, |world| {
    let customer = world.activated(1).await;
    let printed = world.code(500).await;
    let slip = if printed.ends_with('A') { "B" } else { "A" };
    let mistyped = format!("{}{slip}", &printed[..printed.len() - 1]);
    for _ in 0..10 {
        let problem = wallet::redeem_code(&world.store, &customer, &mistyped, None, &world.origin()).await.unwrap_err().problem();
        assert_eq!(problem.of_field("charge_code"), Some(FieldCode::CheckCharacter));
    }
    wallet::redeem_code(&world.store, &customer, &printed, None, &world.origin()).await.unwrap();
});

on_both!(a_code_redeemed_by_fifty_at_once_is_paid_once, |world| {
    let mut customers = Vec::new();
    for number in 0..50 {
        customers.push(world.activated(number).await);
    }
    let printed = world.code(1_000).await;
    let paid = at_once(50, |index| {
        let (store, customer, printed, origin) = (world.store.clone(), customers[index].clone(), printed.clone(), world.origin());
        async move { wallet::redeem_code(&store, &customer, &printed, None, &origin).await.map_err(|error| error.problem().code) }
    })
    .await;
    assert_eq!(paid.iter().filter(|paid| paid.is_ok()).count(), 1);
    assert!(paid.iter().all(|paid| !matches!(paid, Err(other) if *other != Code::CodeInvalid)), "{paid:?}");
    assert_eq!(world.count("SELECT CAST(SUM(balance) AS BIGINT) FROM customers").await, 50 * 100 + 1_000);
});

on_both!(one_key_sent_fifty_times_has_one_effect, |world| {
    let customer = world.activated(1).await;
    let file = world.file("دليل", 30).await;
    let answers = at_once(50, |_| {
        let (store, customer, origin) = (world.store.clone(), customer.clone(), world.origin());
        async move { sales::purchase(&store, &customer, file, Some("key-1"), &origin).await.unwrap() }
    })
    .await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.balance(&customer).await, 70);
    let other = world.file("دليل آخر", 30).await;
    assert_eq!(code(sales::purchase(&world.store, &customer, other, Some("key-1"), &world.origin()).await), Code::IdempotencyMismatch);
    assert_eq!(world.balance(&customer).await, 70);
    let owner = world.owner().await;
    let serial = customer.serial.clone();
    let answers = at_once(50, |_| {
        let (store, owner, serial, origin) = (world.store.clone(), owner.clone(), serial.clone(), world.origin());
        async move { wallet::direct_recharge(&store, &owner, &serial, 250, Some("key-1"), &origin).await.unwrap() }
    })
    .await;
    assert!(answers.iter().all(|answer| answer.new_balance == 320));
    assert_eq!(world.balance(&customer).await, 320);
    let code_text = world.code(500).await;
    let answers = at_once(50, |_| {
        let (store, customer, code_text, origin) = (world.store.clone(), customer.clone(), code_text.clone(), world.origin());
        async move { wallet::redeem_code(&store, &customer, &code_text, Some("key-2"), &origin).await.unwrap() }
    })
    .await;
    // Fifty tries of a code would be throttled: one request that comes fifty times is one try.
    assert!(answers.iter().all(|paid| (paid.new_balance, paid.recharged_amount) == (820, 500)), "{answers:?}");
    assert_eq!(world.balance(&customer).await, 820);
    assert_eq!(world.count("SELECT COUNT(*) FROM throttles WHERE failures > 0").await, 0);
});

on_both!(another_reason_is_another_request, |world| {
    let (customer, owner) = (world.activated(1).await, world.owner().await);
    let file = world.file("دليل", 40).await;
    let purchase = world.bought(&customer, file).await;
    wallet::direct_recharge(&world.store, &owner, &customer.serial, 25, None, &world.origin()).await.unwrap();
    let mistake = wallet::transactions(&world.store, &customer, None, 1).await.unwrap().results[0].id;
    let grant = async |reason: &str| sales::grant_attempt(&world.store, &owner, purchase, reason, Some("grant"), &world.origin()).await;
    let refund = async |reason: &str| sales::refund(&world.store, &owner, purchase, reason, Some("refund"), &world.origin()).await;
    let correct =
        async |reason: &str| wallet::correct(&world.store, &owner, mistake, 20, reason, Some("correct"), &world.origin()).await.map(|_| ());
    for reason in ["خطأ", "خطأ", "  خطأ "] {
        grant(reason).await.unwrap();
        refund(reason).await.unwrap();
        correct(reason).await.unwrap();
    }
    for refused in [grant("سبب آخر").await, refund("سبب آخر").await, correct("سبب آخر").await] {
        assert_eq!(code(refused), Code::IdempotencyMismatch);
    }
    assert_eq!(world.count("SELECT attempts_granted FROM purchases").await, 1);
    assert_eq!(world.balance(&customer).await, 105);
    // What the staff wrote stands in the log; the key keeps nothing of it.
    assert_eq!(world.count("SELECT COUNT(*) FROM idempotency_keys WHERE request LIKE '%خطأ%' OR answer LIKE '%خطأ%'").await, 0);
});

on_both!(two_hundred_purchases_of_one_file_are_one_sale, |world| {
    let customer = world.activated(1).await;
    let file = world.file("دليل", 40).await;
    let bought = at_once(200, |_| {
        let (store, customer, origin) = (world.store.clone(), customer.clone(), world.origin());
        async move { sales::purchase(&store, &customer, file, None, &origin).await.map_err(|error| error.problem().code) }
    })
    .await;
    assert_eq!(bought.iter().filter(|bought| bought.is_ok()).count(), 1);
    assert_eq!(bought.iter().filter(|bought| **bought == Err(Code::AlreadyPurchased)).count(), 199);
    assert_eq!(world.balance(&customer).await, 60);
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'purchase'").await, 1);
});

on_both!(coins_for_ten_buy_exactly_ten, |world| {
    let customer = world.activated(1).await;
    let mut files = Vec::new();
    for index in 0..100 {
        files.push(world.file(&format!("دليل {index}"), 10).await);
    }
    let bought = at_once(100, |index| {
        let (store, customer, file, origin) = (world.store.clone(), customer.clone(), files[index], world.origin());
        async move { sales::purchase(&store, &customer, file, None, &origin).await.map_err(|error| error.problem()) }
    })
    .await;
    assert_eq!(bought.iter().filter(|bought| bought.is_ok()).count(), 10);
    assert!(
        bought
            .iter()
            .filter_map(|bought| bought.as_ref().err())
            .all(|problem| { problem.code == Code::InsufficientBalance && problem.missing == Some(10) })
    );
    assert_eq!(world.balance(&customer).await, 0);
    assert_eq!(sales::mine(&world.store, &customer).await.unwrap().len(), 10);
});

on_both!(the_ledger_tells_every_coin_newest_first, |world| {
    let customer = world.activated(1).await;
    let printed = world.code(500).await;
    wallet::redeem_code(&world.store, &customer, &printed, None, &world.origin()).await.unwrap();
    let file = world.file("دليل جيت", 30).await;
    let purchase = world.bought(&customer, file).await;
    let owner = world.owner().await;
    sales::refund(&world.store, &owner, purchase, "لم يعمل", None, &world.origin()).await.unwrap();
    let page = wallet::transactions(&world.store, &customer, None, 3).await.unwrap();
    let told: Vec<_> = page.results.iter().map(|line| (line.kind, line.amount, line.balance_after)).collect();
    assert_eq!(told, [(TransferKind::Refund, 30, 600), (TransferKind::Purchase, -30, 570), (TransferKind::Code, 500, 600)]);
    assert_eq!(page.results[1].description, "دليل جيت");
    let rest = wallet::transactions(&world.store, &customer, page.next_cursor, 3).await.unwrap();
    assert_eq!((rest.results[0].kind, rest.results.len(), rest.next_cursor), (TransferKind::Bonus, 1, None));
    let sums = wallet::balance(&world.store, &customer).await.unwrap();
    assert_eq!((sums.total_deposited, sums.total_spent), (600, 0));
    // A file paid back can be bought again; the refund is made once.
    assert_eq!(code(sales::refund(&world.store, &owner, purchase, "مرة أخرى", None, &world.origin()).await), Code::AlreadyRefunded);
    assert_ne!(world.bought(&customer, file).await, purchase);
});

on_both!(transfers_are_never_changed, |world| {
    world.activated(1).await;
    assert!(world.sql("UPDATE transfers SET amount = 1000000").await.is_err());
    assert!(world.sql("DELETE FROM transfers").await.is_err());
    assert!(world.sql("UPDATE customers SET balance = -1").await.is_err());
    assert_eq!(world.count("SELECT CAST(SUM(amount) AS BIGINT) FROM transfers").await, 100);
});

/// Takes the trigger away that keeps transfers from being changed, as nobody can who is not at the database itself.
async fn let_transfers_be_changed(world: &World) {
    let sqlite = world.database_url.starts_with("sqlite");
    let table =
        if sqlite { "DROP TRIGGER transfers_never_updated" } else { "ALTER TABLE transfers DISABLE TRIGGER transfers_never_changed" };
    world.sql(table).await.unwrap();
}

/// What is spoilt, how it is put right, and what reconcile tells meanwhile.
const SPOILT: &[(&str, &str, &str)] = &[
    (
        "UPDATE customers SET balance = balance + 5, deposited = deposited + 5",
        "UPDATE customers SET balance = balance - 5, deposited = deposited - 5",
        "cached balance 545, sum of transfers 540",
    ),
    ("UPDATE purchases SET price = 41 WHERE id = 1", "UPDATE purchases SET price = 40 WHERE id = 1", "purchase 1: price 41, debited 40"),
    (
        "UPDATE purchases SET refunded_at = 1 WHERE id = 1",
        "UPDATE purchases SET refunded_at = NULL WHERE id = 1",
        "purchase 1: to pay back 40, paid back 0",
    ),
    ("UPDATE categories SET files_count = 7", "UPDATE categories SET files_count = 2", "category 1: 7 files counted, 2 there"),
    (
        "UPDATE purchases SET embedded_events = 3 WHERE id = 1",
        "UPDATE purchases SET embedded_events = 0 WHERE id = 1",
        "purchase 1: 3 download events of the embedded gateway counted, 0 there",
    ),
    (
        "UPDATE purchases SET worker_events = 3 WHERE id = 1",
        "UPDATE purchases SET worker_events = 0 WHERE id = 1",
        "purchase 1: 3 download events of the Worker counted, 0 there",
    ),
    (
        "UPDATE code_batches SET redeemed = redeemed + 1",
        "UPDATE code_batches SET redeemed = redeemed - 1",
        "batch 1: 2 redemptions counted, 1 there",
    ),
    ("UPDATE code_batches SET count = count + 1", "UPDATE code_batches SET count = count - 1", "batch 1: 3 codes promised, 2 there"),
    // Paid, and still good.
    (
        "UPDATE codes SET redeemed_by = NULL, redeemed_at = NULL",
        "UPDATE codes SET redeemed_by = transfers.customer_id, redeemed_at = transfers.created_at
         FROM transfers WHERE kind = 'recharge_code' AND reference = codes.id",
        ": value 0, credited 500",
    ),
    // Redeemed, and never paid.
    (
        "UPDATE codes SET redeemed_by = (SELECT MIN(id) FROM customers), redeemed_at = 1 WHERE redeemed_by IS NULL",
        "UPDATE codes SET redeemed_by = NULL, redeemed_at = NULL WHERE redeemed_at = 1",
        ": value 500, credited 0",
    ),
    // Paid to another customer.
    (
        "UPDATE codes SET redeemed_by = (SELECT MAX(id) FROM customers) WHERE redeemed_by IS NOT NULL",
        "UPDATE codes SET redeemed_by = (SELECT MIN(id) FROM customers) WHERE redeemed_by IS NOT NULL",
        ": 500 coins of a code that is not redeemed",
    ),
    (
        "UPDATE subscriptions SET files_left = files_left + 1",
        "UPDATE subscriptions SET files_left = files_left - 1",
        "subscription 1: 0 files taken by its count, 1 there",
    ),
    ("UPDATE subscriptions SET price = 21", "UPDATE subscriptions SET price = 20", ": subscriptions cost 21, debited 20"),
    (
        "UPDATE transfers SET amount = 21 WHERE kind = 'subscription'",
        "UPDATE transfers SET amount = 20 WHERE kind = 'subscription'",
        ": subscriptions cost 20, debited 21",
    ),
    (
        "UPDATE transfers SET reference = 99 WHERE kind = 'subscription'",
        "UPDATE transfers SET reference = 1 WHERE kind = 'subscription'",
        ": 20 coins of a subscription to package 99 that is not there",
    ),
];

on_both!(reconcile_finds_what_is_wrong, |world| {
    let customer = world.activated(1).await;
    let (file, taken) = (world.file("دليل", 40).await, world.file("دليل آخر", 91).await);
    world.bought(&customer, file).await;
    let batch = codes::NewBatch { value: 500, count: 2, label: "اختبار".to_owned(), reseller: String::new(), expires_at: None };
    let printed = codes::generate(&world.store, &batch, &codes::Maker::Operator).await.unwrap().codes;
    wallet::redeem_code(&world.store, &customer, &printed[0], None, &world.origin()).await.unwrap();
    let package = subscriptions::NewPackage {
        name: "باقة".to_owned(),
        description: String::new(),
        price: 20,
        days: 30,
        files: 3,
        categories: Vec::new(),
    };
    let package = subscriptions::add(&world.store, &package).await.unwrap();
    subscriptions::subscribe(&world.store, &customer, package, None, &world.origin()).await.unwrap();
    world.bought(&customer, taken).await;
    world.activated(2).await;
    world.must_reconcile().await;
    let_transfers_be_changed(world).await;
    for (wrong, right, told) in SPOILT {
        world.sql(wrong).await.unwrap();
        let differences = reconcile::reconcile(&world.store).await.unwrap();
        assert!(differences.iter().any(|line| line.contains(told)), "{wrong}: {differences:?}");
        world.sql(right).await.unwrap();
        world.must_reconcile().await;
    }
});

on_both!(amounts_and_people_out_of_range_change_nothing, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    for amount in [0, -5, i64::MIN, i64::MAX, shared::MAX_COINS + 1] {
        let problem =
            wallet::direct_recharge(&world.store, &owner, &customer.serial, amount, None, &world.origin()).await.unwrap_err().problem();
        assert_eq!(problem.of_field("coin_amount"), Some(FieldCode::Range));
    }
    assert_eq!(code(wallet::direct_recharge(&world.store, &owner, "CUST2026-NOBODY", 5, None, &world.origin()).await), Code::NotFound);
    let (temporary, _) = world.open().await;
    let refused = wallet::direct_recharge(&world.store, &owner, &temporary.serial, 5, None, &world.origin()).await;
    assert_eq!(code(refused), Code::ActivationRequired);
    let support = world.member("support", Role::Support).await;
    assert_eq!(code(wallet::direct_recharge(&world.store, &support, &customer.serial, 5, None, &world.origin()).await), Code::Forbidden);
    assert_eq!(code(sales::refund(&world.store, &support, PurchaseId(1), "x", None, &world.origin()).await), Code::Forbidden);
    let (_, unactivated) = world.open().await;
    let file = world.file("دليل", 0).await;
    assert_eq!(code(sales::purchase(&world.store, &unactivated, file, None, &world.origin()).await), Code::ActivationRequired);
    assert_eq!(code(sales::purchase(&world.store, &customer, shared::FileId(i64::MAX), None, &world.origin()).await), Code::NotFound);
    assert_eq!(world.balance(&customer).await, 100);
});

on_both!(fifty_thousand_codes_are_made_and_none_is_kept, |world| {
    let batch =
        codes::NewBatch { value: 100, count: 50_000, label: "دفعة".to_owned(), reseller: "مكتبة".to_owned(), expires_at: None };
    let made = codes::generate(&world.store, &batch, &codes::Maker::Operator).await.unwrap();
    assert_eq!(made.codes.len(), 50_000);
    let plain = made.codes[17].replace('-', "");
    assert_eq!(world.count(&format!("SELECT COUNT(*) FROM codes WHERE hash LIKE '%{plain}%'")).await, 0);
    assert_eq!(world.count("SELECT COUNT(DISTINCT hash) FROM codes").await, 50_000);
    let too_many = codes::NewBatch { count: 50_001, ..batch };
    assert_eq!(code(codes::generate(&world.store, &too_many, &codes::Maker::Operator).await), Code::Invalid);
});
