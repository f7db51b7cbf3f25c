//! What the staff was refused, and what it set, as the audit log tells it.

use shared::{
    BatchId, Code, FieldCode, FileId, PackageId, PurchaseId,
    api::{
        Role,
        admin::{AuditEntry, AuditFilter, AuditValues, Permission, SettingsRequest},
    },
};
use store::{Staff, audit, categories, codes, customers, files, sales, settings, staff, statistics, subscriptions, wallet};

use crate::{
    on_both,
    world::{World, code},
};

/// The lines that fit, the newest first.
async fn lines(world: &World, owner: &Staff, filter: AuditFilter) -> Vec<AuditEntry> {
    audit::list(&world.store, owner, &filter).await.unwrap().results
}

/// What failed, the newest first: what was done, and why not.
async fn failures(world: &World, owner: &Staff) -> Vec<(String, String)> {
    let failed = lines(world, owner, AuditFilter { outcome: "failed".to_owned(), ..AuditFilter::default() }).await;
    failed.into_iter().map(|line| (line.action, line.outcome)).collect()
}

fn told(lines: &[(&str, &str)]) -> Vec<(String, String)> {
    lines.iter().map(|(action, outcome)| ((*action).to_owned(), (*outcome).to_owned())).collect()
}

on_both!(what_a_role_may_not_do_is_told_of_once, |world| {
    let (owner, support) = (world.owner().await, world.member("support", Role::Support).await);
    let customer = world.activated(1).await;
    let (account, serial) = (format!("customer:{}", customer.id), customer.serial.parse().unwrap());
    let (store, origin) = (&world.store, &world.origin());
    let boss = format!("staff:{}", owner.id);
    let refused = [
        (
            Permission::MoveCoins,
            "wallet.direct_recharge",
            account.as_str(),
            code(wallet::direct_recharge(store, &support, &customer.serial, 5, None, origin).await),
        ),
        (
            Permission::HandlePersonalData,
            "customers.export",
            account.as_str(),
            code(customers::export(store, &support, &serial, origin).await),
        ),
        (Permission::SeeAudit, "audit.see", "", code(audit::list(store, &support, &AuditFilter::default()).await)),
        (Permission::ManageFiles, "file.hide", "file:7", code(files::set_published(store, &support, FileId(7), false, origin).await)),
        (Permission::ManageCodes, "codes.cancel", "batch:7", code(codes::cancel(store, &support, BatchId(7), origin).await)),
        (Permission::SeeStatistics, "statistics.see", "", code(statistics::glance(store, &support).await)),
        (
            Permission::ManagePackages,
            "packages.withdraw",
            "package:7",
            code(subscriptions::set_published(store, &support, PackageId(7), false, origin).await),
        ),
        (Permission::ManageStaff, "staff.disable", boss.as_str(), code(staff::set_access(store, &support, owner.id, false, origin).await)),
        (Permission::ChangeSettings, "settings.see", "", code(settings::get(store, &support).await)),
    ];
    let tried: Vec<Permission> = refused.iter().map(|(permission, ..)| *permission).collect();
    let lacking: Vec<Permission> = Permission::ALL.iter().copied().filter(|permission| !Role::Support.may(*permission)).collect();
    assert!(lacking.iter().all(|permission| tried.contains(permission)) && tried.len() == lacking.len(), "{lacking:?}");

    let mut log = lines(world, &owner, AuditFilter { actor: "support".to_owned(), ..AuditFilter::default() }).await;
    log.reverse();
    assert_eq!(log.remove(0).action, "staff.sign_in");
    assert_eq!(log.len(), refused.len(), "{log:?}");
    for (line, (permission, action, subject, answer)) in log.iter().zip(refused) {
        assert_eq!((line.action.as_str(), line.subject.as_str(), answer), (action, subject, Code::Forbidden), "{permission:?}");
        assert_eq!((line.actor_name.as_deref(), line.outcome.as_str()), (Some("support"), "permission_denied"));
        assert_eq!((line.ip.as_str(), line.user_agent.as_str(), line.created_at), ("203.0.113.7", "tests", store.now()));
    }
    // What was typed names whom it means.
    assert_eq!(log[0].subject_name.as_deref(), Some(customer.serial.as_str()));
    assert_eq!(code(staff::hire(store, &support, " Owner", "", "", origin).await), Code::Forbidden);
    assert_eq!(code(staff::hire(store, &support, "Salim\u{0}", "", "", origin).await), Code::Forbidden);
    let hired = lines(world, &owner, AuditFilter { action: "staff.create".to_owned(), ..AuditFilter::default() }).await;
    let hired: Vec<&str> = hired.iter().filter(|line| line.outcome == "permission_denied").map(|line| line.subject.as_str()).collect();
    assert_eq!(hired, ["salim", boss.as_str()]);
});

on_both!(a_second_refund_is_told_of, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    let purchase = world.bought(&customer, world.file("دليل", 30).await).await;
    let refund = async |reason: &str, key: Option<&str>| sales::refund(&world.store, &owner, purchase, reason, key, &world.origin()).await;
    refund("لم يناسبه", Some("once")).await.unwrap();
    // A lost answer that is had again is neither done twice nor refused.
    refund("لم يناسبه", Some("once")).await.unwrap();
    // What it wrote itself is undone; that it was tried is not.
    assert_eq!(code(refund("مرة أخرى", None).await), Code::AlreadyRefunded);
    let log = lines(world, &owner, AuditFilter { action: "sales.refund".to_owned(), ..AuditFilter::default() }).await;
    let outcomes: Vec<(&str, &str)> = log.iter().map(|line| (line.subject.as_str(), line.outcome.as_str())).collect();
    let subject = format!("purchase:{purchase}");
    assert_eq!(outcomes, [(subject.as_str(), "already_refunded"), (subject.as_str(), "لم يناسبه")]);
    assert_eq!(failures(world, &owner).await, told(&[("sales.refund", "already_refunded")]));
    assert_eq!(world.balance(&customer).await, 100);
});

on_both!(rules_that_the_staff_meets_are_told_of, |world| {
    let owner = world.owner().await;
    let (customer, empty) = (world.activated(1).await, categories::ensure(&world.store, "فارغ").await.unwrap());
    let (store, origin) = (&world.store, &world.origin());
    let category = categories::ensure(store, "برمجة").await.unwrap();
    world.file_in(category, "دليل", 30).await;
    assert_eq!(code(staff::set_role(store, &owner, owner.id, "support", origin).await), Code::LastOwner);
    assert_eq!(code(categories::delete(store, &owner, category, origin).await), Code::CategoryInUse);
    categories::delete(store, &owner, empty, origin).await.unwrap();
    wallet::direct_recharge(store, &owner, &customer.serial, 5, Some("key"), origin).await.unwrap();
    assert_eq!(code(wallet::direct_recharge(store, &owner, &customer.serial, 6, Some("key"), origin).await), Code::IdempotencyMismatch);
    customers::erase(store, &owner, &customer.serial.parse().unwrap(), &customer.serial, origin).await.unwrap();
    assert_eq!(code(store::accounts::unlock(store, &owner, &customer.serial, origin).await), Code::AccountClosed);
    assert_eq!(
        failures(world, &owner).await,
        told(&[
            ("account.unlock", "account_closed"),
            ("wallet.direct_recharge", "idempotency_mismatch"),
            ("category.delete", "category_in_use"),
            ("staff.role", "last_owner"),
        ])
    );
    let about = AuditFilter { subject: customer.serial.clone(), outcome: "failed".to_owned(), ..AuditFilter::default() };
    let about: Vec<String> = lines(world, &owner, about).await.into_iter().map(|line| line.action).collect();
    assert_eq!(about, ["account.unlock", "wallet.direct_recharge"]);
});

on_both!(guesses_of_a_member_are_told_of, |world| {
    let owner = world.owner().await;
    let (store, origin) = (&world.store, &world.origin());
    staff::begin_totp(store, &owner).await.unwrap();
    let wrong = staff::confirm_totp(store, &owner, "none", origin).await.unwrap_err().problem();
    assert_eq!(wrong.of_field("totp"), Some(FieldCode::WrongTotp));
    for _ in 0..5 {
        let wrong = staff::change_password(store, &owner, "a wild guess", "another long one", origin).await.unwrap_err().problem();
        assert_eq!(wrong.of_field("old_password"), Some(FieldCode::WrongPassword));
    }
    assert_eq!(code(staff::end_totp(store, &owner, "a wild guess", origin).await), Code::TooManyAttempts);
    let mut expected = vec![("staff.totp", "too_many_attempts")];
    expected.extend([("staff.password", "wrong"); 5]);
    expected.push(("staff.totp", "wrong"));
    assert_eq!(failures(world, &owner).await, told(&expected));
});

on_both!(slips_are_not_told_of, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    let (store, origin) = (&world.store, &world.origin());
    let before = world.count("SELECT COUNT(*) FROM audit_log").await;
    assert_eq!(code(sales::refund(store, &owner, PurchaseId(1), " ", None, origin).await), Code::Invalid);
    assert_eq!(code(sales::refund(store, &owner, PurchaseId(1), "سبب", None, origin).await), Code::NotFound);
    assert_eq!(code(wallet::direct_recharge(store, &owner, &customer.serial, 0, None, origin).await), Code::Invalid);
    assert_eq!(code(wallet::direct_recharge(store, &owner, "CUST2026-AAAAAA", 5, None, origin).await), Code::NotFound);
    assert_eq!(code(staff::set_role(store, &owner, owner.id, "king", origin).await), Code::Invalid);
    assert_eq!(code(staff::change_password(store, &owner, "a wild guess", "short", origin).await), Code::Invalid);
    assert_eq!(world.count("SELECT COUNT(*) FROM audit_log").await, before);
});

on_both!(what_was_set_is_kept_as_values, |world| {
    let owner = world.owner().await;
    let (store, origin) = (&world.store, &world.origin());
    let category = categories::ensure(store, "برمجة").await.unwrap();
    let mut package = subscriptions::NewPackage {
        name: " باقة ".to_owned(),
        description: String::new(),
        price: 60,
        days: 30,
        files: 3,
        categories: vec![category],
    };
    let id = subscriptions::offer(store, &owner, &package, origin).await.unwrap();
    (package.price, package.categories) = (80, Vec::new());
    subscriptions::edit(store, &owner, id, &package, origin).await.unwrap();
    let request = SettingsRequest { shop_name: Some("متجر\"".to_owned()), ..SettingsRequest::default() };
    settings::change(store, &owner, &request, origin).await.unwrap();
    let import = codes::NewImport {
        codes: "ABCD1234\nABCD1234\n؟".to_owned(),
        value: Some(5),
        label: "قديمة".to_owned(),
        reseller: String::new(),
        expires_at: None,
    };
    codes::import(store, &owner, &import, origin).await.unwrap();
    // As earlier stores wrote it.
    let earlier = format!(
        "INSERT INTO audit_log (actor, action, subject, outcome, ip, user_agent, created_at)
         VALUES ('staff:{}', 'packages.edit', 'package:1', 'باقة: 60 coins, 30 days, 3 files, categories [1]', '', '', 1)",
        owner.id
    );
    world.sql(&earlier).await.unwrap();

    let log = lines(world, &owner, AuditFilter { actor: "owner".to_owned(), ..AuditFilter::default() }).await;
    let set: Vec<_> = log.iter().filter(|line| line.outcome != "ok").map(|line| AuditValues::of(&line.outcome)).collect();
    let package = |price_coins, categories: &[&str]| AuditValues::Package {
        name: "باقة".to_owned(),
        price_coins,
        days: 30,
        files: 3,
        categories: categories.iter().map(|name| (*name).to_owned()).collect(),
    };
    assert_eq!(
        set,
        [
            None,
            Some(AuditValues::Import { taken: 1, left_out: 2 }),
            Some(AuditValues::Setting { from: String::new(), to: "متجر\"".to_owned() }),
            Some(package(80, &[])),
            Some(package(60, &["برمجة"])),
        ]
    );
    assert_eq!(log[0].outcome, "باقة: 60 coins, 30 days, 3 files, categories [1]", "earlier lines are told as they are");
});
