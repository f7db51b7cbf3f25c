//! Customers in the staff's hands, and the logs.

use shared::{
    Code, FieldCode, PurchaseId, Serial, TransferId,
    api::{
        Role, TransferKind,
        admin::{AuditFilter, CustomerState, DownloadFilter, DownloadOutcome, DownloadReason, MANY_ADDRESSES, MAX_GRANTS, Received},
    },
    link::{Client, Event, Open, Secret},
    ms,
};
use store::{
    Customer, Staff, accounts, audit, customers,
    customers::Find,
    downloads, files, links, notifications, sales,
    sessions::{self, Reuse},
    subscriptions, wallet,
};

use crate::{
    on_both,
    world::{CONTENT, World, at_once, bytes, code, from},
};

async fn found(world: &World, staff: &Staff, text: &str) -> Vec<String> {
    let find = Find { text: text.to_owned(), ..Find::default() };
    customers::find(&world.store, staff, &find).await.unwrap().results.into_iter().map(|customer| customer.serial).collect()
}

async fn named(world: &World, name: &str, phone: &str) -> Customer {
    let (account, customer) = world.open().await;
    accounts::activate(&world.store, &customer, name, phone, &world.origin()).await.unwrap();
    world.customer(&account.tokens.access_token).await
}

fn serial(customer: &Customer) -> Serial {
    customer.serial.parse().unwrap()
}

on_both!(a_customer_is_found_as_people_type, |world| {
    let support = world.member("support", Role::Support).await;
    let sara = named(world, "سارة إبراهيم العلي", "+966 50 123 4567").await;
    let omar = named(world, "عمر الطيّب", "0912345678").await;
    let (temporary, _) = world.open().await;
    let tail = |serial: &str| serial[9..].to_lowercase();
    for typed in [&sara.serial, &sara.serial.to_lowercase().replace('-', " "), &tail(&sara.serial), &tail(&sara.serial)[..4].to_owned()] {
        assert_eq!(found(world, &support, typed).await, std::slice::from_ref(&sara.serial), "{typed}");
    }
    for typed in ["ساره ابراهيم", "ابراه", "العلي", "0501234567", "٠٠٩٦٦٥٠١٢٣٤٥٦٧", "50 123 45", "+966 (50) 123", "66501"]
    {
        assert_eq!(found(world, &support, typed).await, std::slice::from_ref(&sara.serial), "{typed}");
    }
    // Kept without its country's code, typed with it.
    assert_eq!(found(world, &support, "+249 91 234 5678").await, std::slice::from_ref(&omar.serial));
    assert_eq!(found(world, &support, "الطيب عمر").await, std::slice::from_ref(&omar.serial));
    assert_eq!(found(world, &support, &temporary.serial).await, std::slice::from_ref(&temporary.serial));
    assert_eq!(found(world, &support, &tail(&temporary.serial)).await, std::slice::from_ref(&temporary.serial));
    assert_eq!(found(world, &support, "").await, [temporary.serial.clone(), omar.serial.clone(), sara.serial.clone()]);
    let priya = named(world, "प्रिया शर्मा", "+919812345678").await;
    for typed in ["प्रिया", "शर्मा प्रिया", "शर"] {
        assert_eq!(found(world, &support, typed).await, std::slice::from_ref(&priya.serial), "{typed}");
    }
    for nobody in ["زرافة", "999999", "ساره عمر", "--", "' OR 1=1 --", "\"*", "000"] {
        assert_eq!(found(world, &support, nobody).await, Vec::<String>::new(), "{nobody}");
    }
    let of_state = async |state| {
        let find = Find { state: Some(state), ..Find::default() };
        customers::find(&world.store, &support, &find).await.unwrap().results.len()
    };
    accounts::set_blocked(&world.store, &support, &omar.serial, true, &world.origin()).await.unwrap();
    assert_eq!(
        (of_state(CustomerState::Temporary).await, of_state(CustomerState::Active).await, of_state(CustomerState::Blocked).await),
        (1, 2, 1)
    );
});

on_both!(lists_are_turned_page_by_page, |world| {
    let owner = world.owner().await;
    for number in 0..30 {
        named(world, &format!("زبون رقم {number}"), &format!("+2499{number:08}")).await;
    }
    let first = customers::find(&world.store, &owner, &Find { text: "زبون".to_owned(), ..Find::default() }).await.unwrap();
    let second = Find { text: "زبون".to_owned(), cursor: first.next_cursor, ..Find::default() };
    let second = customers::find(&world.store, &owner, &second).await.unwrap();
    assert_eq!((first.results.len(), second.results.len(), second.next_cursor), (25, 5, None));
    let customer = world.activated(1).await;
    for _ in 0..27 {
        wallet::direct_recharge(&world.store, &owner, &customer.serial, 5, None, &world.origin()).await.unwrap();
    }
    let first = customers::ledger(&world.store, &owner, &serial(&customer), None).await.unwrap();
    let second = customers::ledger(&world.store, &owner, &serial(&customer), first.next_cursor).await.unwrap();
    assert_eq!((first.results.len(), second.results.len(), second.next_cursor), (25, 3, None));
    assert_eq!(first.results[0].staff.as_deref(), Some("owner"));
    assert_eq!((second.results[2].kind, second.results[2].correctable), (TransferKind::Bonus, false));
});

/// The newest transfer of a customer.
async fn last_transfer(world: &World, staff: &Staff, customer: &Customer) -> TransferId {
    customers::ledger(&world.store, staff, &serial(customer), None).await.unwrap().results[0].id
}

on_both!(a_mistaken_recharge_is_taken_back_once, |world| {
    let (manager, support) = (world.member("manager", Role::Manager).await, world.member("support", Role::Support).await);
    let customer = world.activated(1).await;
    wallet::direct_recharge(&world.store, &manager, &customer.serial, 1_000, None, &world.origin()).await.unwrap();
    let mistake = last_transfer(world, &manager, &customer).await;
    let correct = async |staff: &Staff, id: TransferId, amount: i64, reason: &str| {
        wallet::correct(&world.store, staff, id, amount, reason, None, &world.origin()).await
    };
    assert_eq!(code(correct(&support, mistake, 900, "صفر زائد").await), Code::Forbidden);
    for (amount, reason, field) in [(0, "x", "amount"), (1_001, "x", "amount"), (-5, "x", "amount"), (5, " ", "reason")] {
        let problem = correct(&manager, mistake, amount, reason).await.unwrap_err().problem();
        assert!(problem.of_field(field).is_some(), "{amount} {reason}: {problem:?}");
    }
    assert_eq!(correct(&manager, mistake, 900, "صفر زائد").await.unwrap().new_balance, 200);
    assert_eq!(code(correct(&manager, mistake, 50, "مرة أخرى").await), Code::AlreadyCorrected);
    let ledger = customers::ledger(&world.store, &manager, &serial(&customer), None).await.unwrap().results;
    assert_eq!((ledger[0].kind, ledger[0].amount, ledger[0].corrects), (TransferKind::Correction, -900, Some(mistake)));
    assert_eq!((ledger[1].corrected_by, ledger[1].correctable), (Some(ledger[0].id), false));
    // What the store itself moved is undone in other ways, and a correction is none to correct.
    for transfer in [ledger[0].id, ledger[2].id] {
        assert_eq!(code(correct(&manager, transfer, 5, "x").await), Code::NotCorrectable);
    }
    assert_eq!(code(correct(&manager, TransferId(999_999), 5, "x").await), Code::NotFound);
    let sums = wallet::balance(&world.store, &customer).await.unwrap();
    assert_eq!((sums.balance, sums.total_deposited, sums.total_spent), (200, 200, 0));
});

on_both!(spent_coins_are_not_taken_back, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    wallet::direct_recharge(&world.store, &owner, &customer.serial, 100, None, &world.origin()).await.unwrap();
    let mistake = last_transfer(world, &owner, &customer).await;
    let file = world.file("دليل", 150).await;
    world.bought(&customer, file).await;
    let refused = wallet::correct(&world.store, &owner, mistake, 100, "خطأ", None, &world.origin()).await.unwrap_err().problem();
    assert_eq!((refused.code, refused.missing), (Code::InsufficientBalance, Some(50)));
    assert_eq!(wallet::correct(&world.store, &owner, mistake, 50, "خطأ", None, &world.origin()).await.unwrap().new_balance, 0);
});

on_both!(fifty_corrections_at_once_are_one, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    wallet::direct_recharge(&world.store, &owner, &customer.serial, 10_000, None, &world.origin()).await.unwrap();
    let mistake = last_transfer(world, &owner, &customer).await;
    let corrected = at_once(50, |_| {
        let (store, owner, origin) = (world.store.clone(), owner.clone(), world.origin());
        async move { wallet::correct(&store, &owner, mistake, 100, "خطأ", None, &origin).await.map_err(|error| error.problem().code) }
    })
    .await;
    assert_eq!(corrected.iter().filter(|corrected| corrected.is_ok()).count(), 1);
    assert!(corrected.iter().all(|corrected| matches!(corrected, Ok(_) | Err(Code::AlreadyCorrected))), "{corrected:?}");
    assert_eq!(world.balance(&customer).await, 10_000);
    // The same request again gets the first answer; the same key for another one is refused.
    wallet::direct_recharge(&world.store, &owner, &customer.serial, 500, None, &world.origin()).await.unwrap();
    let mistake = last_transfer(world, &owner, &customer).await;
    let answers = at_once(50, |_| {
        let (store, owner, origin) = (world.store.clone(), owner.clone(), world.origin());
        async move { wallet::correct(&store, &owner, mistake, 500, "خطأ", Some("one"), &origin).await.unwrap().new_balance }
    })
    .await;
    assert!(answers.iter().all(|balance| *balance == 10_000), "{answers:?}");
    let other = wallet::correct(&world.store, &owner, mistake, 400, "خطأ", Some("one"), &world.origin()).await;
    assert_eq!(code(other), Code::IdempotencyMismatch);
});

on_both!(reconcile_knows_corrections, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    wallet::direct_recharge(&world.store, &owner, &customer.serial, 100, None, &world.origin()).await.unwrap();
    let mistake = last_transfer(world, &owner, &customer).await;
    wallet::correct(&world.store, &owner, mistake, 60, "خطأ", None, &world.origin()).await.unwrap();
    world.must_reconcile().await;
    // A second one, past the rules.
    let again = format!(
        "INSERT INTO transfers (source, target, amount, kind, customer_id, balance_after, reference, created_at)
         VALUES ({0}, 2, 10, 'correction', {0}, 130, {mistake}, 1)",
        customer.id
    );
    assert!(world.sql(&again).await.is_err(), "the index allows one");
    world.sql("UPDATE customers SET deposited = deposited + 5, spent = spent + 5").await.unwrap();
    assert_eq!(store::reconcile::reconcile(&world.store).await.unwrap().len(), 1);
    world.sql("UPDATE customers SET deposited = deposited - 5, spent = spent - 5").await.unwrap();
});

on_both!(attempts_are_granted_with_a_reason_and_an_end, |world| {
    let support = world.member("support", Role::Support).await;
    let customer = world.activated(1).await;
    let file = world.file("دليل", 30).await;
    let purchase = world.bought(&customer, file).await;
    for _ in 0..3 {
        let link = links::press_download(&world.store, &customer, purchase, &world.origin()).await.unwrap();
        let claim = Event::Claim { presented: None, fresh: Secret::new([7; 32]), client: Client::new("203.0.113.7", "tests") };
        links::apply(&world.store, purchase, link.used, &claim).await.unwrap();
    }
    assert_eq!(code(links::press_download(&world.store, &customer, purchase, &world.origin()).await), Code::DownloadsExhausted);
    let grant =
        async |reason: &str, key: Option<&str>| sales::grant_attempt(&world.store, &support, purchase, reason, key, &world.origin()).await;
    assert_eq!(grant(" ", None).await.unwrap_err().problem().of_field("reason"), Some(FieldCode::Required));
    grant("انقطع الخط", Some("one")).await.unwrap();
    grant("انقطع الخط", Some("one")).await.unwrap();
    let pressed = links::press_download(&world.store, &customer, purchase, &world.origin()).await.unwrap();
    assert_eq!((pressed.used, pressed.left), (4, 0), "one key is one attempt");
    for _ in 1..MAX_GRANTS {
        grant("مرة أخرى", None).await.unwrap();
    }
    assert_eq!(code(grant("وأخرى", None).await), Code::GrantsExhausted);
    let owner = world.owner().await;
    sales::refund(&world.store, &owner, purchase, "تعذّر", None, &world.origin()).await.unwrap();
    assert_eq!(code(grant("بعد الرد", None).await), Code::PurchaseRefunded);
    let unknown = sales::grant_attempt(&world.store, &support, PurchaseId(999_999), "x", None, &world.origin()).await;
    assert_eq!(code(unknown), Code::NotFound);
});

on_both!(a_new_pin_opens_the_account_and_the_old_one_does_not, |world| {
    let support = world.member("support", Role::Support).await;
    let (account, customer) = world.open().await;
    accounts::activate(&world.store, &customer, "سارة", "0912345678", &world.origin()).await.unwrap();
    for _ in 0..5 {
        let wrong = if account.pin == "0000" { "0001" } else { "0000" };
        accounts::sign_in(&world.store, &account.serial, wrong, &world.origin()).await.unwrap_err();
    }
    let profile = customers::profile(&world.store, &support, &account.serial.parse().unwrap()).await.unwrap();
    assert_eq!((profile.locks.len(), profile.locks[0].failures, profile.sessions.len()), (1, 5, 1));
    let drawn = accounts::reset_pin(&world.store, &support, &account.serial, &world.origin()).await.unwrap();
    assert!(sessions::authenticate(&world.store, &account.tokens.access_token, &world.origin()).await.is_err(), "sessions end");
    if drawn.pin != account.pin {
        assert_eq!(code(accounts::sign_in(&world.store, &account.serial, &account.pin, &world.origin()).await), Code::InvalidCredentials);
    }
    let tokens = accounts::sign_in(&world.store, &account.serial, &drawn.pin, &world.origin()).await.unwrap();
    let customer = world.customer(&tokens.access_token).await;
    let told = notifications::list(&world.store, &customer, 10).await.unwrap();
    assert_eq!(told[0].notice, shared::Notice::PinChanged);
    sessions::end_all(&world.store, &support, &account.serial, &world.origin()).await.unwrap();
    assert!(sessions::authenticate(&world.store, &tokens.access_token, &world.origin()).await.is_err());
});

/// Claims a link from an address, and sends so many bytes of it.
async fn downloaded(world: &World, purchase: PurchaseId, link: i64, ip: &str, bytes: u64) {
    let client = Client::new(ip, "tests");
    let secret = Secret::new([9; 32]);
    let claim = Event::Claim { presented: None, fresh: secret.clone(), client: client.clone() };
    links::apply(&world.store, purchase, link, &claim).await.unwrap();
    let (head, prefetch) = (false, false);
    let asked = client.clone();
    let open = Open { presented: Some(secret), head, prefetch, range: None, if_range: None, if_none_match: None, client: asked };
    links::apply(&world.store, purchase, link, &Event::Open(Box::new(open))).await.unwrap();
    links::apply(&world.store, purchase, link, &Event::Close { stream: 1, sent: bytes, exact: true, client: client.clone() })
        .await
        .unwrap();
}

on_both!(the_log_of_downloads_says_why, |world| {
    let support = world.member("support", Role::Support).await;
    let (sara, omar) = (named(world, "سارة العلي", "0911111111").await, named(world, "عمر", "0922222222").await);
    let (guide, book) = (world.file("دليل الشبكات", 10).await, world.file("كتاب الخوارزميات", 10).await);
    let (of_sara, of_omar) = (world.bought(&sara, guide).await, world.bought(&omar, book).await);
    let press =
        async |customer: &Customer, purchase| links::press_download(&world.store, customer, purchase, &world.origin()).await.unwrap();
    press(&sara, of_sara).await;
    downloaded(world, of_sara, 1, "198.51.100.1", 4).await;
    let used = Event::Claim { presented: None, fresh: Secret::new([1; 32]), client: Client::new("198.51.100.99", "other") };
    links::apply(&world.store, of_sara, 1, &used).await.unwrap();
    let before = world.store.now();
    world.clock.advance(3 * ms::HOUR);
    press(&omar, of_omar).await;
    downloaded(world, of_omar, 1, "198.51.100.2", CONTENT.len() as u64).await;
    press(&sara, of_sara).await;

    let list = async |filter: DownloadFilter| {
        let page = downloads::list(&world.store, &support, &filter).await.unwrap();
        page.results.into_iter().map(|attempt| (attempt.purchase_id, attempt.number)).collect::<Vec<_>>()
    };
    let all = DownloadFilter::default();
    assert_eq!(list(all.clone()).await, [(of_sara, 2), (of_omar, 1), (of_sara, 1)]);
    let page = downloads::list(&world.store, &support, &all).await.unwrap();
    assert_eq!((page.results[0].outcome, &page.results[0].reasons[..]), (DownloadOutcome::Waiting, &[DownloadReason::LinkWaits][..]));
    assert_eq!((page.results[1].outcome, &page.results[1].reasons[..]), (DownloadOutcome::Complete, &[DownloadReason::Arrived][..]));
    let cut = &page.results[2];
    assert_eq!(cut.outcome, DownloadOutcome::Cut);
    assert_eq!(cut.reasons, [DownloadReason::LineCut, DownloadReason::OtherBrowser]);
    assert_eq!((cut.bytes_sent, cut.ip.as_deref(), cut.addresses), (4, Some("198.51.100.1"), 1), "who was refused got nothing");

    let with = |change: fn(&mut DownloadFilter)| {
        let mut filter = DownloadFilter::default();
        change(&mut filter);
        filter
    };
    assert_eq!(list(DownloadFilter { customer: sara.serial.clone(), ..all.clone() }).await, [(of_sara, 2), (of_sara, 1)]);
    assert_eq!(list(with(|filter| filter.customer = "ساره".into())).await, [(of_sara, 2), (of_sara, 1)]);
    assert_eq!(list(with(|filter| filter.customer = "0922".into())).await, [(of_omar, 1)]);
    assert_eq!(list(with(|filter| filter.file = "الخوارزميات".into())).await, [(of_omar, 1)]);
    assert!(list(with(|filter| filter.file = "وصف".into())).await.is_empty(), "a description is no title");
    assert_eq!(list(with(|filter| filter.outcome = Some(DownloadOutcome::Cut))).await, [(of_sara, 1)]);
    assert_eq!(list(with(|filter| filter.outcome = Some(DownloadOutcome::Complete))).await, [(of_omar, 1)]);
    assert!(list(with(|filter| filter.outcome = Some(DownloadOutcome::Revoked))).await.is_empty());
    assert_eq!(list(with(|filter| filter.trouble = true)).await, [(of_sara, 1)]);
    assert_eq!(list(with(|filter| filter.ip = "198.51.100.99".into())).await, [(of_sara, 1)]);
    assert!(list(with(|filter| (filter.ip, filter.customer) = ("198.51.100.2".into(), "ساره".into()))).await.is_empty());
    assert_eq!(list(DownloadFilter { to: Some(before.plus(1)), ..all.clone() }).await, [(of_sara, 1)]);
    assert_eq!(list(DownloadFilter { from: Some(before.plus(1)), file: "دليل".into(), ..all.clone() }).await, [(of_sara, 2)]);
    assert!(list(DownloadFilter { from: Some(world.store.now().plus(1)), ..all.clone() }).await.is_empty());
    let cursor = Some(page.results[0].id);
    assert_eq!(list(DownloadFilter { cursor, customer: "ساره".into(), ..all }).await, [(of_sara, 1)]);

    world.clock.advance(3 * ms::HOUR);
    assert_eq!(list(with(|filter| filter.outcome = Some(DownloadOutcome::Unclaimed))).await, [(of_sara, 2)], "time needs no sweep");
});

on_both!(a_refund_does_not_hide_what_was_received, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    let told = async |purchase| customers::purchase_details(&world.store, &owner, purchase).await.unwrap().purchase;
    for (title, sent, received, outcome) in [
        ("كله", Some(CONTENT.len() as u64), Received::Complete, DownloadOutcome::Revoked),
        ("بعضه", Some(4), Received::Partly, DownloadOutcome::Revoked),
        ("لا شيء", None, Received::Never, DownloadOutcome::Unclaimed),
    ] {
        let file = world.file(title, 10).await;
        let purchase = world.bought(&customer, file).await;
        assert_eq!(told(purchase).await.received, Received::Never, "{title}: nothing was pressed yet");
        links::press_download(&world.store, &customer, purchase, &world.origin()).await.unwrap();
        if let Some(sent) = sent {
            downloaded(world, purchase, 1, "198.51.100.1", sent).await;
        }
        let before = told(purchase).await;
        assert_eq!((before.received, before.refunded_at), (received, None), "{title}");
        sales::refund(&world.store, &owner, purchase, "تعذّر", None, &world.origin()).await.unwrap();
        let after = told(purchase).await;
        assert_eq!((after.received, after.refunded_at), (received, Some(world.store.now())), "{title}");
        assert_eq!((after.attempts[0].outcome, after.attempts[0].received), (outcome, received), "{title}");
    }
    // Where the link's time was over before, it was not revoked; the log tells of the refund all the same.
    let file = world.file("متأخر", 10).await;
    let purchase = world.bought(&customer, file).await;
    links::press_download(&world.store, &customer, purchase, &world.origin()).await.unwrap();
    downloaded(world, purchase, 1, "198.51.100.1", CONTENT.len() as u64).await;
    world.clock.advance(ms::DAY);
    sales::refund(&world.store, &owner, purchase, "تعذّر", None, &world.origin()).await.unwrap();
    let log = downloads::list(&world.store, &owner, &DownloadFilter::default()).await.unwrap().results;
    assert_eq!((log[0].outcome, log[0].refunded_at), (DownloadOutcome::Complete, Some(world.store.now())));
    let received: Vec<_> = log.iter().map(|attempt| attempt.received).collect();
    assert_eq!(received, [Received::Complete, Received::Never, Received::Partly, Received::Complete]);
    assert!(log.iter().all(|attempt| attempt.refunded_at.is_some()));
    let listed = customers::purchases(&world.store, &owner, &serial(&customer), None).await.unwrap().results;
    assert_eq!(listed.iter().map(|purchase| purchase.received).collect::<Vec<_>>(), received);
});

on_both!(the_attempt_that_got_furthest_counts, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    let file = world.file("دليل", 10).await;
    let purchase = world.bought(&customer, file).await;
    for (link, sent) in [(1, CONTENT.len() as u64), (2, 4)] {
        links::press_download(&world.store, &customer, purchase, &world.origin()).await.unwrap();
        downloaded(world, purchase, link, "198.51.100.1", sent).await;
    }
    let told = customers::purchase_details(&world.store, &owner, purchase).await.unwrap().purchase;
    let each: Vec<_> = told.attempts.iter().map(|attempt| attempt.received).collect();
    assert_eq!((told.received, each), (Received::Complete, vec![Received::Partly, Received::Complete]));
});

on_both!(many_addresses_are_a_warning, |world| {
    let support = world.member("support", Role::Support).await;
    let customer = world.activated(1).await;
    let file = world.file("دليل", 10).await;
    let purchase = world.bought(&customer, file).await;
    links::press_download(&world.store, &customer, purchase, &world.origin()).await.unwrap();
    downloaded(world, purchase, 1, "198.51.100.1", 1).await;
    let secret = Secret::new([9; 32]);
    for number in 2..=MANY_ADDRESSES {
        let details = customers::purchase_details(&world.store, &support, purchase).await.unwrap();
        assert_eq!((details.purchase.addresses, details.purchase.many_addresses), (number - 1, false));
        let client = Client::new(&format!("198.51.100.{number}"), "tests");
        let (head, prefetch, asked) = (false, false, client.clone());
        let open =
            Open { presented: Some(secret.clone()), head, prefetch, range: None, if_range: None, if_none_match: None, client: asked };
        links::apply(&world.store, purchase, 1, &Event::Open(Box::new(open))).await.unwrap();
        links::apply(
            &world.store,
            purchase,
            1,
            &Event::Close { stream: u64::try_from(number).unwrap(), sent: 1, exact: true, client: client.clone() },
        )
        .await
        .unwrap();
    }
    let details = customers::purchase_details(&world.store, &support, purchase).await.unwrap();
    assert_eq!((details.purchase.addresses, details.purchase.many_addresses), (MANY_ADDRESSES, true));
    assert_eq!(i64::try_from(details.addresses.len()).unwrap(), MANY_ADDRESSES);
    let events = downloads::events(&world.store, &support, purchase, None).await.unwrap().results;
    assert_eq!((events[0].kind.as_str(), events.last().unwrap().kind.as_str()), ("interrupted", "claimed"));
});

on_both!(the_audit_log_is_searched, |world| {
    let (manager, support) = (world.member("manager", Role::Manager).await, world.member("support", Role::Support).await);
    let (account, fresh) = world.open().await;
    accounts::activate(&world.store, &fresh, "سارة العلي", "0911111111", &world.origin()).await.unwrap();
    let customer = world.customer(&account.tokens.access_token).await;
    let wrong = if account.pin == "0000" { "0001" } else { "0000" };
    accounts::sign_in(&world.store, &customer.serial, wrong, &crate::world::from("198.51.100.5")).await.unwrap_err();
    wallet::direct_recharge(&world.store, &manager, &customer.serial, 5, None, &world.origin()).await.unwrap();
    assert_eq!(code(audit::list(&world.store, &support, &AuditFilter::default()).await), Code::Forbidden);
    let list = async |filter: AuditFilter| {
        let page = audit::list(&world.store, &manager, &filter).await.unwrap();
        page.results.into_iter().map(|entry| entry.action).collect::<Vec<_>>()
    };
    let all = AuditFilter::default();
    assert_eq!(list(AuditFilter { actor: "Manager".into(), ..all.clone() }).await, ["wallet.direct_recharge", "staff.sign_in"]);
    let about = list(AuditFilter { subject: customer.serial.to_lowercase(), ..all.clone() }).await;
    assert_eq!(about, ["wallet.direct_recharge", "account.sign_in", "account.activate", "account.open"]);
    assert_eq!(list(AuditFilter { action: "account.activate".into(), ..all.clone() }).await, ["account.activate"]);
    assert_eq!(list(AuditFilter { ip: "198.51.100.5".into(), ..all.clone() }).await, ["account.sign_in"]);
    assert_eq!(list(AuditFilter { outcome: "failed".into(), ..all.clone() }).await, ["audit.see", "account.sign_in"]);
    assert_eq!(list(AuditFilter { from: Some(world.store.now().plus(1)), ..all.clone() }).await, Vec::<String>::new());
    let named = audit::list(&world.store, &manager, &AuditFilter { action: "wallet.direct_recharge".into(), ..all }).await.unwrap();
    let entry = &named.results[0];
    assert_eq!((entry.actor_name.as_deref(), entry.subject_name.as_deref()), (Some("manager"), Some(customer.serial.as_str())));
});

on_both!(a_person_takes_everything_along_and_is_forgotten, |world| {
    let (owner, manager) = (world.owner().await, world.member("manager", Role::Manager).await);
    let (account, fresh) = world.open().await;
    accounts::activate(&world.store, &fresh, "سارة العلي", "0911111111", &world.origin()).await.unwrap();
    let customer = world.customer(&account.tokens.access_token).await;
    let serial = serial(&customer);
    let file = world.file("دليل", 30).await;
    let purchase = world.bought(&customer, file).await;
    links::press_download(&world.store, &customer, purchase, &world.origin()).await.unwrap();
    downloaded(world, purchase, 1, "198.51.100.1", 4).await;
    accounts::recover(&world.store, "0911111111", "x", &world.origin()).await.unwrap_err();

    assert_eq!(code(customers::export(&world.store, &manager, &serial, &world.origin()).await), Code::Forbidden);
    let data = customers::export(&world.store, &owner, &serial, &world.origin()).await.unwrap();
    let text = serde_json::to_string(&data).unwrap();
    for kept in ["سارة العلي", "0911111111", "198.51.100.1", "203.0.113.7", "sales.purchase", "account.recover"] {
        assert!(text.contains(kept), "{kept} is kept, and is not in the export");
    }

    assert_eq!(code(customers::erase(&world.store, &manager, &serial, serial.as_str(), &world.origin()).await), Code::Forbidden);
    let slip = customers::erase(&world.store, &owner, &serial, "CUST2026-AAAAAA", &world.origin()).await.unwrap_err().problem();
    assert_eq!(slip.of_field("confirmation"), Some(FieldCode::Format));
    customers::erase(&world.store, &owner, &serial, &serial.as_str().to_lowercase(), &crate::world::from("192.0.2.1")).await.unwrap();
    world.must_reconcile().await;

    for personal in ["سارة", "0911111111", "198.51.100.1", "203.0.113.7"] {
        for (table, columns) in [
            ("customers", "COALESCE(name, '') || COALESCE(name_folded, '') || COALESCE(phone, '')"),
            ("notifications", "notice"),
            ("bonuses", "phone"),
            ("download_events", "ip || user_agent"),
            ("links", "state"),
            ("throttles", "subject"),
            ("customers_search", "folded"),
        ] {
            let left = world.count(&format!("SELECT COUNT(*) FROM {table} WHERE {columns} LIKE '%{personal}%'")).await;
            // The address is one that wrong PINs were counted for: it forgets by itself.
            assert!(left == 0 || (table == "throttles" && personal == "203.0.113.7"), "{table} still knows {personal}");
        }
    }
    let traces = "SELECT COUNT(*) FROM audit_log WHERE (actor LIKE 'customer:%' OR actor = 'anonymous') AND ip <> ''";
    assert_eq!(world.count(traces).await, 0);
    assert_eq!(world.count("SELECT COUNT(*) FROM sessions WHERE customer_id IS NOT NULL").await, 0);
    assert_eq!(world.count("SELECT balance FROM customers").await, 70, "the ledger's sums stay");

    assert_eq!(code(accounts::sign_in(&world.store, serial.as_str(), &account.pin, &world.origin()).await), Code::InvalidCredentials);
    assert!(sessions::authenticate(&world.store, &account.tokens.access_token, &world.origin()).await.is_err());
    for refused in [
        code(wallet::direct_recharge(&world.store, &owner, serial.as_str(), 5, None, &world.origin()).await),
        code(accounts::reset_pin(&world.store, &owner, serial.as_str(), &world.origin()).await),
        code(accounts::set_blocked(&world.store, &owner, serial.as_str(), false, &world.origin()).await),
        code(customers::erase(&world.store, &owner, &serial, serial.as_str(), &world.origin()).await),
    ] {
        assert_eq!(refused, Code::AccountClosed);
    }
    let profile = customers::profile(&world.store, &owner, &serial).await.unwrap();
    assert_eq!((profile.customer.state, profile.wallet.balance), (CustomerState::Closed, 70));

    // News of what was bought find nobody.
    files::add_content(&world.store, &owner, file, "دليل.txt", "", bytes(b"two"), &world.origin()).await.unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM notifications").await, 0);

    // The number is free again, and its bonus is not.
    let again = named(world, "سارة", "0911111111").await;
    assert_eq!(world.balance(&again).await, 0);
});

on_both!(a_bonus_of_an_earlier_store_is_remembered, |world| {
    world.sql("INSERT INTO bonuses (phone, customer_id, granted_at) VALUES ('0911111111', 1, 1)").await.unwrap();
    let customer = named(world, "سارة", "0911111111").await;
    assert_eq!(world.balance(&customer).await, 0);
    let owner = world.owner().await;
    customers::erase(&world.store, &owner, &serial(&customer), &customer.serial, &world.origin()).await.unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM bonuses WHERE phone = '0911111111'").await, 0);
    let again = named(world, "سارة", "0911111111").await;
    assert_eq!(world.balance(&again).await, 0);
});

on_both!(coins_and_an_erasure_at_once_come_one_after_the_other, |world| {
    let owner = world.owner().await;
    for number in 1..=10 {
        let customer = world.activated(number).await;
        let serial = serial(&customer);
        let origin = world.origin();
        let recharge = wallet::direct_recharge(&world.store, &owner, serial.as_str(), 5, None, &origin);
        let erase = customers::erase(&world.store, &owner, &serial, serial.as_str(), &origin);
        let (recharged, erased) = futures::join!(recharge, erase);
        erased.unwrap();
        let line = |action: &str| {
            let about = format!("action = '{action}' AND subject = 'customer:{}' AND outcome = 'ok'", customer.id);
            format!("SELECT COALESCE(MAX(id), 0) FROM audit_log WHERE {about}")
        };
        let recharge_line = world.count(&line("wallet.direct_recharge")).await;
        match recharged {
            Ok(_) => assert!(recharge_line < world.count(&line("customers.erase")).await, "coins came to an account that was closed"),
            Err(error) => assert_eq!((error.problem().code, recharge_line), (Code::AccountClosed, 0)),
        }
    }
});

on_both!(what_was_under_way_at_an_erasure_leaves_no_trace, |world| {
    let owner = world.owner().await;
    let (account, fresh) = world.open().await;
    accounts::activate(&world.store, &fresh, "سارة", "0911111111", &world.origin()).await.unwrap();
    let customer = world.customer(&account.tokens.access_token).await;
    let purchase = world.bought(&customer, world.file("دليل", 10).await).await;
    let (free, priced) = (world.file("مجاني", 0).await, world.file("كتاب", 30).await);
    let package = subscriptions::NewPackage {
        name: "باقة".to_owned(),
        description: String::new(),
        price: 20,
        days: 30,
        files: 3,
        categories: Vec::new(),
    };
    let package = subscriptions::add(&world.store, &package).await.unwrap();
    let printed = world.code(500).await;
    customers::erase(&world.store, &owner, &serial(&customer), &customer.serial, &world.origin()).await.unwrap();

    // Whoever holds a `Customer` was let in before.
    let (store, late) = (&world.store, from("198.51.100.44"));
    for file in [free, priced] {
        assert_eq!(code(sales::purchase(store, &customer, file, Some("late"), &late).await), Code::AccountBlocked);
    }
    assert_eq!(code(subscriptions::subscribe(store, &customer, package, Some("late"), &late).await), Code::AccountBlocked);
    assert_eq!(code(links::press_download(store, &customer, purchase, &late).await), Code::AccountBlocked);
    assert_eq!(code(wallet::redeem_code(store, &customer, &printed, None, &late).await), Code::AccountClosed);
    assert_eq!(code(accounts::activate(store, &fresh, "سارة", "0911111111", &late).await), Code::AlreadyActivated);
    let new = if account.pin == "1234" { "4321" } else { "1234" };
    let pin = accounts::change_pin(store, &customer, &account.pin, new, &late).await.unwrap_err().problem();
    assert_eq!(pin.of_field("old_pin"), Some(FieldCode::WrongPin));

    assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE ip = '198.51.100.44'").await, 0);
    let refused = format!("SELECT COUNT(*) FROM audit_log WHERE actor = 'customer:{}' AND outcome = 'account_blocked'", customer.id);
    assert_eq!(world.count(&refused).await, 4, "that it was tried is known");
    assert_eq!(world.count("SELECT COUNT(*) FROM purchases").await, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM idempotency_keys").await, 0);
    assert_eq!(world.balance(&customer).await, 90);
});

on_both!(an_unblocking_and_an_erasure_at_once_leave_the_account_blocked, |world| {
    let owner = world.owner().await;
    for number in 1..=10 {
        let customer = world.activated(number).await;
        let serial = serial(&customer);
        let origin = world.origin();
        let unblock = accounts::set_blocked(&world.store, &owner, serial.as_str(), false, &origin);
        let erase = customers::erase(&world.store, &owner, &serial, serial.as_str(), &origin);
        let (unblocked, erased) = futures::join!(unblock, erase);
        erased.unwrap();
        if let Err(error) = unblocked {
            assert_eq!(error.problem().code, Code::AccountClosed);
        }
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM customers WHERE closed_at IS NOT NULL AND blocked_at IS NULL").await, 0);
});

on_both!(a_recharge_is_answered_again_though_the_account_closed, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    let recharge = async |key: &str| wallet::direct_recharge(&world.store, &owner, &customer.serial, 5, Some(key), &world.origin()).await;
    assert_eq!(recharge("one").await.unwrap().new_balance, 105);
    customers::erase(&world.store, &owner, &serial(&customer), &customer.serial, &world.origin()).await.unwrap();
    assert_eq!(recharge("one").await.unwrap().new_balance, 105);
    assert_eq!(code(recharge("two").await), Code::AccountClosed);
    assert_eq!(world.balance(&customer).await, 105);
});

on_both!(an_export_holds_no_strangers_lines, |world| {
    let owner = world.owner().await;
    assert_eq!(code(accounts::sign_in(&world.store, "", "0000", &from("198.51.100.8")).await), Code::InvalidCredentials);
    // Without a phone there is nothing that could be typed in its place.
    let (_, customer) = world.open().await;
    let data = customers::export(&world.store, &owner, &serial(&customer), &world.origin()).await.unwrap();
    let acts: Vec<&str> = data.audit.iter().map(|act| act.action.as_str()).collect();
    assert_eq!(acts, ["customers.export", "account.open"]);
});

on_both!(a_stolen_token_is_in_the_export_and_forgotten_with_the_person, |world| {
    let owner = world.owner().await;
    let (account, customer) = world.open().await;
    let refresh = async |ip: &str| sessions::refresh(&world.store, &account.tokens.refresh_token, Reuse::Strict, &from(ip)).await;
    refresh("198.51.100.1").await.unwrap();
    assert_eq!(code(refresh("198.51.100.2").await), Code::Unauthenticated);
    let data = customers::export(&world.store, &owner, &serial(&customer), &world.origin()).await.unwrap();
    let reused = data.audit.iter().find(|act| act.outcome == "reused").unwrap();
    assert_eq!((reused.action.as_str(), reused.ip.as_str()), ("session.refresh", ""), "who tried it may be a stranger");
    // As earlier stores wrote it.
    let earlier = format!(
        "INSERT INTO audit_log (actor, action, subject, outcome, ip, user_agent, created_at)
         SELECT 'anonymous', 'session.refresh', 'session:' || id, 'reused', '198.51.100.3', 'tests', 1 FROM sessions WHERE customer_id = {}",
        customer.id
    );
    assert_eq!(world.sql(&earlier).await.unwrap(), 1);
    let traces = "SELECT COUNT(*) FROM audit_log WHERE outcome = 'reused' AND (ip <> '' OR user_agent <> '')";
    assert_eq!(world.count(traces).await, 2);
    customers::erase(&world.store, &owner, &serial(&customer), &customer.serial, &world.origin()).await.unwrap();
    assert_eq!(world.count(traces).await, 0);
});

on_both!(a_name_that_very_many_have_is_found, |world| {
    let owner = world.owner().await;
    let numbers = "WITH RECURSIVE numbers (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM numbers WHERE i < 1100)";
    // Serials have digits from 2 to 9.
    let tail = [512, 64, 8, 1].map(|place| format!("CAST((i / {place}) % 8 + 2 AS TEXT)")).join(" || ");
    world.sql(&format!("INSERT INTO accounts (id) {numbers} SELECT i + 5000 FROM numbers")).await.unwrap();
    world
        .sql(&format!(
            "INSERT INTO customers (id, serial, pin_hash, name, name_folded, phone, created_at, activated_at, balance, deposited, spent) {numbers}
             SELECT i + 5000, 'CUST2026-AA' || {tail}, '', 'سارة ' || CAST(i AS TEXT), 'ساره ' || CAST(i AS TEXT),
             '+96650' || CAST(1000000 + i AS TEXT), i, i, 0, 0, 0 FROM numbers"
        ))
        .await
        .unwrap();
    let names = async |text: &str, state: Option<CustomerState>| {
        let find = Find { text: text.to_owned(), state, ..Find::default() };
        let page = customers::find(&world.store, &owner, &find).await.unwrap();
        page.results.into_iter().filter_map(|customer| customer.name).collect::<Vec<_>>()
    };
    let newest: Vec<_> = (1_076..=1_100).rev().map(|number| format!("سارة {number}")).collect();
    for text in ["سارة", "سار"] {
        assert_eq!(names(text, None).await, newest, "{text}");
        assert_eq!(names(text, Some(CustomerState::Active)).await, newest, "{text}, active");
        assert_eq!(names(text, Some(CustomerState::Temporary)).await, Vec::<String>::new());
    }
    assert_eq!(names("ساره ١٠٩٩", None).await, ["سارة 1099"]);
});
