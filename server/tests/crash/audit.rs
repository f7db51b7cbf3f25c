//! The comparison of what customers were told with what the store says afterwards. What differs becomes the customer's faults.

use std::collections::BTreeMap;

use rand::{SeedableRng, rngs::StdRng};
use reqwest::StatusCode;
use serde_json::Value;

use crate::{
    customer::{Asked, Customer, Outcome, Paid, Trouble},
    shop::{CODE_VALUE, PRICE, SIZE},
};

/// How many of the last acknowledged operations of each kind are asked again.
const REPLAYED: usize = 4;

/// What the store says of a customer.
struct Statement {
    balance: i64,
    deposited: i64,
    spent: i64,
    /// Amount and kind of each line of the ledger.
    lines: Vec<(i64, String)>,
    /// File and used attempts of each purchase.
    purchases: BTreeMap<i64, (i64, i64)>,
}

/// After the crash: what was acknowledged is there, what was not is there wholly or not at all; then everything is asked again.
pub async fn after_crash(customer: &mut Customer) {
    if let Err(trouble) = try_after_crash(customer).await {
        customer.fault(format!("the comparison ended with {trouble:?}"));
    }
}

/// Nothing is on its way: the store says exactly what the customer knows.
pub async fn settled(customer: &mut Customer) {
    match Statement::read(customer).await {
        Ok(statement) => compare(customer, &statement),
        Err(trouble) => customer.fault(format!("the comparison ended with {trouble:?}")),
    }
}

async fn try_after_crash(customer: &mut Customer) -> Outcome<()> {
    let statement = Statement::read(customer).await?;
    compare(customer, &statement);
    replay(customer).await;
    if let Some(asked) = customer.pending.clone()
        && let Err(trouble) = ask_again(customer, asked.clone()).await
    {
        customer.fault(format!("{asked:?} could not be asked again: {trouble:?}"));
    }
    for link in 0..customer.links.len() {
        if let Err(trouble) = check_link(customer, link).await {
            customer.fault(format!("a link of purchase {}: {trouble:?}", customer.links[link].purchase));
        }
    }
    settled(customer).await;
    Ok(())
}

impl Statement {
    async fn read(customer: &Customer) -> Outcome<Self> {
        let wallet = customer.get("/api/v1/wallet/").await?;
        let mut lines = Vec::new();
        let mut cursor = Value::Null;
        loop {
            let path = cursor.as_i64().map_or(String::new(), |cursor| format!("?cursor={cursor}"));
            let page = customer.get(&format!("/api/v1/wallet/transactions/{path}")).await?;
            let results = page["results"].as_array().ok_or_else(|| Trouble::Wrong(format!("a page of the ledger is {page}")))?;
            lines.extend(results.iter().map(|line| (number(&line["amount"]), line["kind"].as_str().unwrap_or_default().to_owned())));
            cursor = page["next_cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        let purchases = customer.get("/api/v1/sales/my-purchases/").await?;
        let purchases = purchases.as_array().ok_or_else(|| Trouble::Wrong(format!("the purchases are {purchases}")))?;
        Ok(Self {
            balance: number(&wallet["balance"]),
            deposited: number(&wallet["total_deposited"]),
            spent: number(&wallet["total_spent"]),
            lines,
            purchases: purchases
                .iter()
                .map(|purchase| (number(&purchase["purchase_id"]), (number(&purchase["file_id"]), number(&purchase["downloads_count"]))))
                .collect(),
        })
    }

    fn count(&self, kind: &str) -> usize {
        self.lines.iter().filter(|line| line.1 == kind).count()
    }
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(i64::MIN)
}

/// Compares with what was acknowledged; what is pending may be there once, whole.
fn compare(customer: &mut Customer, statement: &Statement) {
    let mut faults = Vec::new();
    let mut unknown = statement.purchases.clone();
    for Paid { asked, answer } in &customer.purchases {
        let Asked::Purchase { file, .. } = asked else { continue };
        let found = unknown.remove(&number(&answer["purchase_id"]));
        if found.map(|(file, _)| file) != Some(*file) {
            faults.push(format!("purchase {} of file {file} was acknowledged and is lost", answer["purchase_id"]));
        }
    }
    let pending_purchase = matches!(&customer.pending, Some(Asked::Purchase { file, .. })
        if unknown.len() == 1 && unknown.values().all(|(bought, _)| bought == file));
    if !unknown.is_empty() && !pending_purchase {
        faults.push(format!("purchases (file, attempts) that nobody asked for: {unknown:?}"));
    }
    let recharges = statement.count("recharge_code");
    let pending_recharge = matches!(customer.pending, Some(Asked::Recharge { .. })) && recharges == customer.recharges.len() + 1;
    if recharges != customer.recharges.len() && !pending_recharge {
        faults.push(format!("{} recharges were acknowledged, {recharges} are there", customer.recharges.len()));
    }
    let expected = customer.balance - i64::from(pending_purchase) * PRICE + i64::from(pending_recharge) * CODE_VALUE;
    let sum: i64 = statement.lines.iter().map(|line| line.0).sum();
    for (told, coins) in
        [("the balance", statement.balance), ("the ledger", sum), ("deposits less spending", statement.deposited - statement.spent)]
    {
        if coins != expected {
            faults.push(format!("coins by {told} are {coins}, by the customer's own book {expected}"));
        }
    }
    if statement.count("purchase") != statement.purchases.len() {
        faults.push(format!("{} purchases, {} debits", statement.purchases.len(), statement.count("purchase")));
    }
    for (purchase, (_, used)) in &statement.purchases {
        let pressed = i64::from(customer.links.iter().any(|link| link.purchase == *purchase));
        let pending = matches!(customer.pending, Some(Asked::Press { purchase: pending }) if pending == *purchase);
        if *used != pressed && !(pending && *used == 1) {
            faults.push(format!("a link of purchase {purchase}: {pressed} were acknowledged, {used} are there"));
        }
    }
    for fault in faults {
        customer.fault(fault);
    }
}

/// The last purchases and recharges again with their keys: the first answers again, to the letter.
async fn replay(customer: &mut Customer) {
    let last = |list: &[Paid]| list.iter().rev().take(REPLAYED).map(|paid| (paid.asked.clone(), paid.answer.clone())).collect::<Vec<_>>();
    for (asked, first) in last(&customer.purchases).into_iter().chain(last(&customer.recharges)) {
        match customer.pay(&asked).await {
            Ok(answer) if answer == first => {}
            other => customer.fault(format!("{asked:?} was answered {first} first, and with the same key {other:?} later")),
        }
    }
}

/// What the crash interrupted is asked again, as a program would that got no answer: it succeeds, once.
async fn ask_again(customer: &mut Customer, asked: Asked) -> Outcome<()> {
    match asked {
        // Bytes are charged before they flow: a stream that broke before its first byte may have cost the whole copy.
        Asked::Read(link) => {
            let before = customer.links[link].received;
            let status = customer.read(link).await?;
            if before > 0 && customer.links[link].received < SIZE {
                customer.fault(format!("a link's file of which {before} bytes had come could not be read on: {status}"));
            }
            customer.pending = None;
            Ok(())
        }
        asked => customer.perform(asked, &mut StdRng::seed_from_u64(0)).await,
    }
}

/// An unclaimed link is still the one that was given; a claimed one is its customer's alone, and gives no second copy.
async fn check_link(customer: &mut Customer, link: usize) -> Outcome<()> {
    if customer.links[link].location.is_none() {
        let (purchase, url) = (customer.links[link].purchase, customer.links[link].url.clone());
        if customer.press(purchase).await? != url {
            customer.fault(format!("the unclaimed link of purchase {purchase} became another"));
        }
        return Ok(());
    }
    let own = customer.press_button(link, true).await?.status();
    if own != StatusCode::SEE_OTHER {
        customer.fault(format!("a claimed link answers its own customer {own}"));
    }
    let other = customer.press_button(link, false).await?.status();
    if other != StatusCode::CONFLICT {
        customer.fault(format!("a claimed link answers anybody else {other}"));
    }
    while customer.read(link).await?.is_success() {
        if customer.links[link].received >= 2 * SIZE {
            customer.fault(format!("a link gave {} bytes of a file of {SIZE}", customer.links[link].received));
            break;
        }
    }
    Ok(())
}
