use std::ops::RangeInclusive;

use shared::{
    Code, FieldCode,
    api::{
        Role,
        admin::{BatchState, HandOut, ImportReason, MadeBatch},
    },
    ms,
};
use store::{Staff, codes, wallet};

use crate::{
    on_both,
    world::{World, at_once, code},
};

fn batch(value: i64, count: i64, label: &str, reseller: &str) -> codes::NewBatch {
    codes::NewBatch { value, count, label: label.to_owned(), reseller: reseller.to_owned(), expires_at: None }
}

async fn made(world: &World, staff: &Staff, value: i64, count: i64, label: &str, reseller: &str) -> MadeBatch {
    codes::make(&world.store, staff, &batch(value, count, label, reseller), &world.origin()).await.unwrap()
}

async fn handed(world: &World, staff: &Staff, made: &MadeBatch, numbers: RangeInclusive<i64>) -> Vec<String> {
    let handed = codes::hand_out(&world.store, staff, made.batch.id, &made.ticket, numbers, HandOut::Csv, &world.origin()).await.unwrap();
    handed.codes.iter().map(shared::ChargeCode::grouped).collect()
}

async fn gone(world: &World, staff: &Staff, made: &MadeBatch, ticket: &str) -> bool {
    let handed = codes::hand_out(&world.store, staff, made.batch.id, ticket, 1..=1, HandOut::Pdf, &world.origin()).await;
    matches!(handed, Err(error) if error.problem().code == Code::CodesGone)
}

on_both!(the_ticket_brings_the_codes_for_an_hour, |world| {
    let owner = world.owner().await;
    let made = made(world, &owner, 500, 3, "رمضان", "أبو أحمد").await;
    let plain = handed(world, &owner, &made, 1..=50_000).await;
    assert_eq!(plain.len(), 3);
    assert_eq!(handed(world, &owner, &made, 2..=2).await, plain[1..2]);
    let customer = world.activated(1).await;
    let recharged = wallet::redeem_code(&world.store, &customer, &plain[1], None, &world.origin()).await.unwrap();
    assert_eq!(recharged.recharged_amount, 500);

    let other = self::made(world, &owner, 500, 1, "أخرى", "").await;
    assert!(gone(world, &owner, &made, &other.ticket).await, "another batch's ticket opens nothing");
    assert!(gone(world, &owner, &made, "").await);
    let support = world.member("support", Role::Support).await;
    let refused = codes::hand_out(&world.store, &support, made.batch.id, &made.ticket, 1..=1, HandOut::Csv, &world.origin()).await;
    assert_eq!(code(refused.map(|_| ())), Code::Forbidden);
    world.clock.advance(ms::HOUR);
    assert!(gone(world, &owner, &made, &made.ticket).await, "the hour is over");
    assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE action = 'codes.hand_out' AND outcome = 'csv'").await, 2);
});

on_both!(fifty_thousand_are_made_and_a_dump_shows_none, |world| {
    let owner = world.owner().await;
    let made = made(world, &owner, 100, 50_000, "كبيرة", "المطبعة").await;
    let plain = handed(world, &owner, &made, 1..=codes::MAX_COUNT).await;
    assert_eq!(codes::making(&world.store, &owner).await.unwrap(), None, "nothing is being made any more");
    let dump = world.dump().await;
    assert!(dump.contains("كبيرة"), "the dump is one");
    assert!(!dump.contains(&made.ticket));
    for code in plain.iter().step_by(7) {
        assert!(!dump.contains(code.as_str()) && !dump.contains(&code.replace('-', "")), "a code stands in the dump");
    }
    let lines = codes::lines(&world.store, &owner, made.batch.id, false, Some(49_900), 100).await.unwrap();
    assert_eq!((lines.results.len(), lines.results[0].number, lines.next_cursor), (100, 49_901, None));
});

on_both!(frozen_thawed_cancelled, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    let made = made(world, &owner, 500, 3, "سوق", "").await;
    let id = made.batch.id;
    let plain = handed(world, &owner, &made, 1..=3).await;
    let redeem = async |code: &str| wallet::redeem_code(&world.store, &customer, code, None, &world.origin()).await;
    assert_eq!(codes::freeze(&world.store, &owner, id, &world.origin()).await.unwrap().state, BatchState::Frozen);
    codes::freeze(&world.store, &owner, id, &world.origin()).await.unwrap();
    assert_eq!(code(redeem(&plain[0]).await), Code::CodeInvalid);
    assert_eq!(codes::thaw(&world.store, &owner, id, &world.origin()).await.unwrap().state, BatchState::Live);
    redeem(&plain[0]).await.unwrap();
    let cancelled = codes::cancel(&world.store, &owner, id, &world.origin()).await.unwrap();
    assert_eq!((cancelled.state, cancelled.redeemed, cancelled.count), (BatchState::Cancelled, 1, 3));
    assert_eq!(code(redeem(&plain[1]).await), Code::CodeInvalid);
    assert_eq!(code(redeem(&plain[0]).await), Code::CodeAlreadyRedeemed);
    assert_eq!(code(codes::thaw(&world.store, &owner, id, &world.origin()).await), Code::BatchCancelled);
    assert_eq!(code(codes::freeze(&world.store, &owner, id, &world.origin()).await), Code::BatchCancelled);
    assert!(gone(world, &owner, &made, &made.ticket).await);
    assert_eq!(code(codes::freeze(&world.store, &owner, shared::BatchId(999), &world.origin()).await), Code::NotFound);
    let audited = "SELECT COUNT(*) FROM audit_log WHERE action IN ('codes.freeze', 'codes.thaw', 'codes.cancel') AND outcome = 'ok'";
    assert_eq!(world.count(audited).await, 3, "what changed nothing is no entry");
    let refused = format!("SELECT COUNT(*) FROM audit_log WHERE subject = 'batch:{id}' AND outcome = 'batch_cancelled'");
    assert_eq!(world.count(&refused).await, 2, "but that it was refused is one");
    assert_eq!(world.balance(&customer).await, 600);
});

on_both!(redeemed_while_it_is_cancelled, |world| {
    let owner = world.owner().await;
    let made = made(world, &owner, 10, 40, "سباق", "").await;
    let plain = handed(world, &owner, &made, 1..=40).await;
    let mut customers = Vec::new();
    for number in 0..8 {
        customers.push(world.activated(number).await);
    }
    let paid = at_once(41, |index| {
        let (store, owner, origin, id) = (world.store.clone(), owner.clone(), world.origin(), made.batch.id);
        let (customer, plain) = (customers[index % 8].clone(), plain.get(index).cloned());
        async move {
            match plain {
                Some(plain) => wallet::redeem_code(&store, &customer, &plain, None, &origin).await.is_ok(),
                None => codes::cancel(&store, &owner, id, &origin).await.is_err(),
            }
        }
    })
    .await;
    let paid = i64::try_from(paid.iter().filter(|paid| **paid).count()).unwrap();
    let batch = codes::batch(&world.store, &owner, made.batch.id).await.unwrap();
    assert_eq!((batch.redeemed, batch.state), (paid, BatchState::Cancelled));
    assert_eq!(world.count("SELECT CAST(SUM(balance) AS BIGINT) FROM customers").await, 8 * 100 + paid * 10);
});

on_both!(lists_by_text_and_state, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    let first = made(world, &owner, 500, 2, "نقطة الميدان", "أبو أحمد").await;
    let second = made(world, &owner, 100, 1, "السوق", "مكتبة الهدى").await;
    let third = made(world, &owner, 100, 1, "الجامعة", "").await;
    let mut short = batch(100, 1, "قصيرة", "");
    short.expires_at = Some(world.store.now().plus(ms::DAY));
    let short = codes::make(&world.store, &owner, &short, &world.origin()).await.unwrap();
    codes::freeze(&world.store, &owner, third.batch.id, &world.origin()).await.unwrap();
    wallet::redeem_code(&world.store, &customer, &handed(world, &owner, &second, 1..=1).await[0], None, &world.origin()).await.unwrap();
    world.clock.advance(2 * ms::DAY);
    let found = async |text: &str, state: Option<BatchState>| {
        let filter = codes::Filter { text: text.to_owned(), state, cursor: None };
        let batches = codes::batches(&world.store, &owner, &filter, 10).await.unwrap();
        batches.results.iter().map(|batch| batch.id).collect::<Vec<_>>()
    };
    let (first, second, third, short) = (first.batch.id, second.batch.id, third.batch.id, short.batch.id);
    assert_eq!(found("", None).await, [short, third, second, first]);
    assert_eq!(found("ابو احمد", None).await, [first], "alef forms make no difference");
    assert_eq!(found("المكتبه", None).await, []);
    assert_eq!(found("مكتبه", None).await, [second]);
    assert_eq!(found("", Some(BatchState::Live)).await, [first]);
    assert_eq!(found("", Some(BatchState::Frozen)).await, [third]);
    assert_eq!(found("", Some(BatchState::Spent)).await, [second]);
    assert_eq!(found("", Some(BatchState::Expired)).await, [short]);
    assert_eq!(found("", Some(BatchState::Cancelled)).await, []);
    let page = codes::batches(&world.store, &owner, &codes::Filter::default(), 3).await.unwrap();
    assert_eq!(page.next_cursor, Some(second.0));
    let rest = codes::Filter { cursor: page.next_cursor, ..codes::Filter::default() };
    let page = codes::batches(&world.store, &owner, &rest, 3).await.unwrap();
    assert_eq!((page.results[0].id, page.next_cursor), (first, None));
    assert_eq!(page.results[0].created_by.as_deref(), Some("owner"));
});

on_both!(each_code_and_its_redemption, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    let made = made(world, &owner, 500, 5, "سوق", "وكيل").await;
    let plain = handed(world, &owner, &made, 1..=5).await;
    for number in [3, 1, 4] {
        world.clock.advance(1);
        wallet::redeem_code(&world.store, &customer, &plain[number - 1], None, &world.origin()).await.unwrap();
    }
    let numbers = async |redeemed: bool, cursor: Option<i64>| {
        let lines = codes::lines(&world.store, &owner, made.batch.id, redeemed, cursor, 2).await.unwrap();
        (lines.results.iter().map(|line| line.number).collect::<Vec<_>>(), lines.next_cursor)
    };
    assert_eq!(numbers(false, None).await, (vec![1, 2], Some(2)));
    assert_eq!(numbers(false, Some(4)).await, (vec![5], None));
    assert_eq!(numbers(true, None).await, (vec![4, 1], Some(1)));
    assert_eq!(numbers(true, Some(1)).await, (vec![3], None));

    let support = world.member("support", Role::Support).await;
    let found = codes::find(&world.store, &support, &plain[2].to_lowercase().replace('-', " "), &world.origin()).await.unwrap();
    assert_eq!((found.batch.id, found.code.number), (made.batch.id, 3));
    assert_eq!(found.code.redemption.unwrap().serial, customer.serial);
    assert_eq!(codes::find(&world.store, &support, &plain[4], &world.origin()).await.unwrap().code.redemption, None);
    assert_eq!(code(codes::find(&world.store, &support, "OLDCODE123", &world.origin()).await), Code::NotFound);
    let slip = if plain[0].ends_with('A') { "B" } else { "A" };
    let mistyped = codes::find(&world.store, &support, &format!("{}{slip}", &plain[0][..18]), &world.origin()).await;
    assert_eq!(mistyped.unwrap_err().problem().of_field("charge_code"), Some(FieldCode::CheckCharacter));
    assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE action = 'codes.find'").await, 4);
    assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE action = 'codes.find' AND outcome = 'not_found'").await, 2);
    assert_eq!(code(codes::lines(&world.store, &support, made.batch.id, false, None, 2).await), Code::Forbidden);
});

on_both!(older_codes_are_taken_over_line_by_line, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    let import = async |text: &str, value: Option<i64>| {
        let new =
            codes::NewImport {
                codes: text.to_owned(), value, label: "قديمة".to_owned(), reseller: "مطبعة".to_owned(), expires_at: None
            };
        codes::import(&world.store, &owner, &new, &world.origin()).await
    };
    let printed = world.code(5).await;
    let text = format!("code,value\nOLD-CODE-0001,500\nold code 0001\nOLDCODE0002;٢٠٠\nقصير\nOLDCODE0003\n{printed},100\nOLDCODE0004,-1\n");
    let report = import(&text, Some(500)).await.unwrap();
    let left: Vec<_> = report.lines.iter().map(|line| (line.line, line.reason)).collect();
    let expected = [(3, ImportReason::Repeated), (5, ImportReason::Code), (7, ImportReason::Known), (8, ImportReason::Value)];
    assert_eq!(left, expected);
    assert_eq!((report.taken, report.left_out), (3, 4));
    let batches: Vec<_> = report.batches.iter().map(|batch| (batch.value, batch.count, batch.imported)).collect();
    assert_eq!(batches, [(200, 1, true), (500, 2, true)], "a batch for each value, none for the code that was known");
    let redeem = async |typed: &str| wallet::redeem_code(&world.store, &customer, typed, None, &world.origin()).await;
    assert_eq!(redeem("OldCode0003").await.unwrap().recharged_amount, 500);
    assert_eq!(redeem("OLDCODE٠٠٠٢").await.unwrap().recharged_amount, 200);
    let again = import(&text, Some(500)).await.unwrap();
    assert_eq!((again.taken, again.batches.len()), (0, 0));
    assert_eq!(import("", None).await.unwrap_err().problem().of_field("codes"), Some(FieldCode::Required));
    let many: String = (0..50_001).map(|number| format!("OLD{number:08}\n")).collect();
    assert_eq!(import(&many, Some(1)).await.unwrap_err().problem().of_field("codes"), Some(FieldCode::TooLong));
    let most: String = (0..50_000).map(|number| format!("OLD{number:08}\n")).collect();
    assert_eq!(import(&most, Some(1)).await.unwrap().taken, 50_000);
    let of_values = |values: i64| (1..=values).map(|value| format!("CARD{value:08},{value}\n")).collect::<String>();
    assert_eq!(import(&of_values(51), None).await.unwrap_err().problem().of_field("codes"), Some(FieldCode::Range));
    assert_eq!(import(&of_values(50), None).await.unwrap().batches.len(), 50);
});

on_both!(each_reseller_s_sums, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    let first = made(world, &owner, 500, 4, "أولى", "أبو أحمد").await;
    made(world, &owner, 100, 10, "ثانية", "أبو أحمد").await;
    let void = made(world, &owner, 1_000, 3, "ملغاة", "أبو أحمد").await;
    made(world, &owner, 100, 1, "المتجر", "").await;
    for code in &handed(world, &owner, &first, 1..=2).await {
        wallet::redeem_code(&world.store, &customer, code, None, &world.origin()).await.unwrap();
    }
    wallet::redeem_code(&world.store, &customer, &handed(world, &owner, &void, 1..=1).await[0], None, &world.origin()).await.unwrap();
    codes::cancel(&world.store, &owner, void.batch.id, &world.origin()).await.unwrap();
    codes::freeze(&world.store, &owner, first.batch.id, &world.origin()).await.unwrap();
    let resellers = codes::resellers(&world.store, &owner).await.unwrap().results;
    let sums: Vec<_> = resellers
        .iter()
        .map(|one| (one.reseller.as_str(), one.batches, one.issued, one.issued_coins, one.redeemed, one.redeemed_coins))
        .collect();
    assert_eq!(sums, [("أبو أحمد", 3, 17, 6_000, 3, 2_000), ("", 1, 1, 100, 0, 0)]);
    assert_eq!(
        (resellers[0].outstanding, resellers[0].outstanding_coins),
        (12, 2_000),
        "frozen codes are owed still, cancelled ones never"
    );
    let ledger = "SELECT CAST(SUM(amount) AS BIGINT) FROM transfers WHERE kind = 'recharge_code'";
    assert_eq!(world.count(ledger).await, 2_000);
    let manager = world.member("manager", Role::Manager).await;
    assert_eq!(codes::resellers(&world.store, &manager).await.unwrap().results, resellers);
});
