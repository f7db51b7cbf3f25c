//! The log of downloads, as the staff search it: every attempt, what became of it, and why.

use std::collections::{BTreeSet, HashMap};

use shared::{
    Code, FileId, Instant, PurchaseId,
    api::{
        AttemptState,
        admin::{
            DownloadAttempt, DownloadEvent, DownloadEvents, DownloadFilter, DownloadOutcome, DownloadReason, Downloads, MANY_ADDRESSES,
            Permission, Received,
        },
    },
    link::Kind,
    text::{fold, search_words},
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use crate::{
    Result, Staff, Store,
    customers::{self, Named, PAGE},
    db::{FEW_HITS, page},
    error::damaged,
    sales,
};

/// How many customers or files are walked one by one, each in its own order; of more files the newest are taken.
const WALKED: usize = 20;
/// Events on a page.
const EVENTS: i64 = 100;
/// Rows by which two presses of one moment may stand the other way round than their times.
const SLACK: i64 = 64;

const ATTEMPT: &str = "SELECT links.id, links.purchase_id, links.number, links.gateway, links.phase, links.created_at, links.expires_at,
    links.claimed_at, links.bytes_sent, purchases.file_id, purchases.refunded_at, versions.size, customers.serial, customers.name, files.title
    FROM links JOIN purchases ON purchases.id = links.purchase_id JOIN customers ON customers.id = purchases.customer_id
    JOIN files ON files.id = purchases.file_id JOIN versions ON versions.id = links.version_id";

/// A page of the log, newest first.
pub async fn list(store: &Store, staff: &Staff, filter: &DownloadFilter) -> Result<Downloads> {
    attempts(store, staff, filter, PAGE).await
}

/// The same in larger pieces, for a file that takes all of it.
pub async fn piece(store: &Store, staff: &Staff, filter: &DownloadFilter) -> Result<Downloads> {
    attempts(store, staff, filter, 500).await
}

async fn attempts(store: &Store, staff: &Staff, filter: &DownloadFilter, length: i64) -> Result<Downloads> {
    staff.must(store, Permission::SeeDownloads, "downloads.see", "", &staff.origin).await?;
    let customers = customers::named(store, &filter.customer).await?;
    let files = files_titled(store, &filter.file).await?;
    let bounds = bounds(store, "links", filter.from, filter.to).await?;
    let Some(Source { sql, expression, ip }) = source(store, filter, customers, files, bounds, length + 1) else {
        return Ok(Downloads { results: Vec::new(), next_cursor: None });
    };
    let sql = format!("{ATTEMPT} WHERE links.id IN ({sql}) ORDER BY links.id DESC LIMIT {}", length + 1);
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for text in [expression, ip].into_iter().flatten() {
        query = query.bind(text);
    }
    let rows = query.fetch_all(store.0.db.reader()).await?;
    let (rows, next_cursor) = page(&rows, length, "id")?;
    Ok(Downloads { results: told(store, rows).await?, next_cursor })
}

/// What finds the numbers of links, and what it binds.
struct Source {
    sql: String,
    expression: Option<String>,
    ip: Option<String>,
}

/// Every part of it walks one index in the list's order and stops at the page's end. `None` where nothing can be found.
fn source(
    store: &Store,
    filter: &DownloadFilter,
    customers: Named,
    files: Option<Vec<i64>>,
    (first, last): (i64, i64),
    length: i64,
) -> Option<Source> {
    let now = store.now();
    let mut conditions = vec![format!("id > {first} AND id < {}", last.min(filter.cursor.unwrap_or(i64::MAX)))];
    conditions.extend(filter.from.map(|from| format!("created_at >= {}", from.0)));
    conditions.extend(filter.to.map(|to| format!("created_at < {}", to.0)));
    if filter.trouble {
        conditions.push("trouble IS NOT NULL".to_owned());
    }
    let mut walks: Vec<String> = filter.outcome.map(|outcome| phases(outcome, now)).unwrap_or_default();
    let mut narrow = |walks: &mut Vec<String>, column: &str, ids: &[i64]| {
        let before = std::mem::replace(walks, ids.iter().map(|id| format!("{column} = {id}")).collect());
        if !before.is_empty() {
            conditions.push(format!("({})", before.join(" OR ")));
        }
    };
    if let Some(files) = &files {
        if files.is_empty() {
            return None;
        }
        narrow(&mut walks, "file_id", files);
    }
    let mut expression = None;
    match &customers {
        Named::All => {}
        Named::These(ids) if ids.is_empty() => return None,
        Named::These(ids) if ids.len() <= WALKED => narrow(&mut walks, "customer_id", ids),
        named => conditions.push(named.condition(store, "customer_id")),
    }
    if let Named::Matching(searched) = customers {
        expression = Some(searched);
    }
    let ip = Some(filter.ip.clone()).filter(|ip| !ip.is_empty());
    if ip.is_some() {
        let placeholder = if expression.is_some() { "$2" } else { "$1" };
        conditions.push(format!(
            "id IN (SELECT named.id FROM download_events JOIN links AS named ON named.purchase_id = download_events.purchase_id
             AND named.number = download_events.link WHERE download_events.ip = {placeholder})"
        ));
    }
    if walks.is_empty() {
        walks.push("1 = 1".to_owned());
    }
    let conditions = conditions.join(" AND ");
    let walk = |(number, walk): (usize, &String)| {
        format!("SELECT id FROM (SELECT id FROM links WHERE {walk} AND {conditions} ORDER BY id DESC LIMIT {length}) AS walk{number}")
    };
    Some(Source { sql: walks.iter().enumerate().map(walk).collect::<Vec<_>>().join(" UNION ALL "), expression, ip })
}

/// The conditions under which a link has an outcome, with what the lapse of time alone makes of it ([`sales::attempt`]).
fn phases(outcome: DownloadOutcome, now: Instant) -> Vec<String> {
    let now = now.0;
    match outcome {
        DownloadOutcome::Waiting => vec![format!("phase = 'issued' AND expires_at > {now}")],
        DownloadOutcome::Underway => vec![format!("phase = 'claimed' AND expires_at > {now}")],
        DownloadOutcome::Complete => vec!["phase = 'complete'".to_owned()],
        DownloadOutcome::Cut => vec!["phase = 'closed'".to_owned(), format!("phase = 'claimed' AND expires_at <= {now}")],
        DownloadOutcome::Unclaimed => vec![
            "phase = 'expired'".to_owned(),
            format!("phase = 'issued' AND expires_at <= {now}"),
            "phase = 'revoked' AND claimed_at IS NULL".to_owned(),
        ],
        DownloadOutcome::Revoked => vec!["phase = 'revoked' AND claimed_at IS NOT NULL".to_owned()],
    }
}

/// The newest files whose titles have all the words; `None` when no title is asked for.
async fn files_titled(store: &Store, text: &str) -> Result<Option<Vec<i64>>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let words = search_words(text);
    if words.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let dialect = store.0.db.dialect();
    let sql = format!("SELECT id, title FROM files WHERE id IN ({}) ORDER BY id DESC", dialect.newest_matching("file", i64::MAX, FEW_HITS));
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(dialect.search_expression(&words)).fetch_all(store.0.db.reader()).await?;
    let mut files = Vec::new();
    for row in &rows {
        // The index knows the descriptions too.
        let title = fold(&row.try_get::<String, _>("title")?);
        if words.iter().all(|word| title.split(' ').any(|own| own.starts_with(word.as_str()))) {
            files.push(row.try_get("id")?);
        }
    }
    files.truncate(WALKED);
    Ok(Some(files))
}

/// Between which numbers the rows of a span of time stand, both left out: a log is numbered as time goes.
pub(crate) async fn bounds(store: &Store, table: &str, from: Option<Instant>, to: Option<Instant>) -> Result<(i64, i64)> {
    let edge = async |sql: String, at: Option<Instant>| -> Result<Option<i64>> {
        let Some(at) = at else { return Ok(None) };
        Ok(sqlx::query_scalar(AssertSqlSafe(sql)).bind(at.0).fetch_one(store.0.db.reader()).await?)
    };
    let first = format!("SELECT MIN(id) FROM (SELECT id FROM {table} WHERE created_at >= $1 ORDER BY created_at LIMIT {SLACK}) AS near");
    let last = format!("SELECT MAX(id) FROM (SELECT id FROM {table} WHERE created_at < $1 ORDER BY created_at DESC LIMIT {SLACK}) AS near");
    // Where there is no such row, nothing is found either.
    let first = edge(first, from).await?.map_or(if from.is_some() { i64::MAX } else { 0 }, |id| id - 1);
    let last = edge(last, to).await?.map_or(if to.is_some() { 0 } else { i64::MAX }, |id| id + 1);
    Ok((first, last))
}

/// Every attempt of these purchases, the newest first.
pub(crate) async fn of_purchases(store: &Store, purchases: &[i64]) -> Result<HashMap<i64, Vec<DownloadAttempt>>> {
    let mut attempts: HashMap<i64, Vec<DownloadAttempt>> = HashMap::new();
    if purchases.is_empty() {
        return Ok(attempts);
    }
    let sql = format!("{ATTEMPT} WHERE links.purchase_id IN ({}) ORDER BY links.number DESC", numbers(purchases));
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(store.0.db.reader()).await?;
    for attempt in told(store, &rows).await? {
        attempts.entry(attempt.purchase_id.0).or_default().push(attempt);
    }
    Ok(attempts)
}

fn numbers(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

/// What the events of a page's purchases say, gathered.
#[derive(Default)]
struct Gathered {
    kinds: HashMap<(i64, i64), Vec<Kind>>,
    claims: HashMap<(i64, i64), String>,
    addresses: HashMap<i64, BTreeSet<String>>,
}

async fn gather(store: &Store, rows: &[AnyRow]) -> Result<Gathered> {
    let mut gathered = Gathered::default();
    let purchases = rows.iter().map(|row| row.try_get("purchase_id")).collect::<std::result::Result<BTreeSet<i64>, _>>()?;
    if purchases.is_empty() {
        return Ok(gathered);
    }
    let sql = format!(
        "SELECT DISTINCT purchase_id, link, kind, ip FROM download_events WHERE purchase_id IN ({})",
        numbers(&purchases.into_iter().collect::<Vec<_>>())
    );
    for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(store.0.db.reader()).await? {
        let (purchase, link): (i64, i64) = (row.try_get("purchase_id")?, row.try_get("link")?);
        let (kind, ip): (String, String) = (row.try_get("kind")?, row.try_get("ip")?);
        let kind = Kind::ALL.iter().copied().find(|known| known.as_str() == kind).ok_or_else(|| damaged(kind))?;
        gathered.kinds.entry((purchase, link)).or_default().push(kind);
        if kind == Kind::Claimed {
            gathered.claims.insert((purchase, link), ip.clone());
        }
        if !ip.is_empty() && !kind.is_refusal() {
            gathered.addresses.entry(purchase).or_default().insert(ip);
        }
    }
    Ok(gathered)
}

async fn told(store: &Store, rows: &[AnyRow]) -> Result<Vec<DownloadAttempt>> {
    let gathered = gather(store, rows).await?;
    let tell = |row: &AnyRow| {
        let (purchase, number): (i64, i64) = (row.try_get("purchase_id")?, row.try_get("number")?);
        let attempt = sales::attempt(row, store.now())?;
        let outcome = match attempt.state {
            AttemptState::Issued => DownloadOutcome::Waiting,
            AttemptState::Claimed => DownloadOutcome::Underway,
            AttemptState::Complete => DownloadOutcome::Complete,
            AttemptState::Closed => DownloadOutcome::Cut,
            AttemptState::Expired => DownloadOutcome::Unclaimed,
            AttemptState::Revoked => DownloadOutcome::Revoked,
        };
        let kinds = gathered.kinds.get(&(purchase, number)).map_or(&[][..], Vec::as_slice);
        let size_bytes = row.try_get("size")?;
        let addresses = gathered.addresses.get(&purchase).map_or(0, BTreeSet::len);
        let addresses = i64::try_from(addresses).map_err(damaged)?;
        Ok(DownloadAttempt {
            id: row.try_get("id")?,
            purchase_id: PurchaseId(purchase),
            number,
            gateway: row.try_get("gateway")?,
            customer_serial: row.try_get("serial")?,
            customer_name: row.try_get("name")?,
            file_id: FileId(row.try_get("file_id")?),
            file_title: row.try_get("title")?,
            created_at: attempt.created_at,
            claimed_at: row.try_get::<Option<i64>, _>("claimed_at")?.map(Instant),
            expires_at: attempt.expires_at,
            bytes_sent: attempt.bytes_sent,
            size_bytes,
            outcome,
            received: received(attempt.bytes_sent, size_bytes, kinds),
            refunded_at: row.try_get::<Option<i64>, _>("refunded_at")?.map(Instant),
            reasons: reasons(outcome, kinds),
            ip: gathered.claims.get(&(purchase, number)).filter(|ip| !ip.is_empty()).cloned(),
            addresses,
            many_addresses: addresses >= MANY_ADDRESSES,
        })
    };
    rows.iter().map(tell).collect()
}

/// How much of a file of `size` bytes was received. Of an empty one only the event tells that it was; of a revoked link, whose last
/// stream may still have finished, only the bytes do.
fn received(bytes_sent: i64, size: i64, kinds: &[Kind]) -> Received {
    match bytes_sent {
        _ if kinds.contains(&Kind::Completed) => Received::Complete,
        ..=0 => Received::Never,
        sent if sent < size => Received::Partly,
        _ => Received::Complete,
    }
}

/// Why an attempt went as it did: what became of it, then whatever else went wrong on the way.
fn reasons(outcome: DownloadOutcome, kinds: &[Kind]) -> Vec<DownloadReason> {
    let had = |kind: Kind| kinds.contains(&kind);
    let opened = had(Kind::Opened) || had(Kind::Resumed);
    let first = match outcome {
        DownloadOutcome::Waiting => DownloadReason::LinkWaits,
        // Claimed inside another app, say, whose page was closed: there is no need to wait for the link's end to tell.
        DownloadOutcome::Underway | DownloadOutcome::Cut if !opened => DownloadReason::NeverStarted,
        DownloadOutcome::Underway if had(Kind::Interrupted) => DownloadReason::Paused,
        DownloadOutcome::Underway => DownloadReason::Underway,
        DownloadOutcome::Complete => DownloadReason::Arrived,
        DownloadOutcome::Cut if had(Kind::Interrupted) => DownloadReason::LineCut,
        DownloadOutcome::Cut => DownloadReason::TimeOver,
        DownloadOutcome::Unclaimed => DownloadReason::NeverOpened,
        DownloadOutcome::Revoked => DownloadReason::Revoked,
    };
    // Who asks after a revocation is refused in the same way, and the time was not what was over.
    let revoked = outcome == DownloadOutcome::Revoked;
    let others = [
        (Kind::StorageFailed, DownloadReason::Storage),
        (Kind::RefusedUsed, DownloadReason::OtherBrowser),
        (Kind::RefusedCookie, DownloadReason::OtherProgram),
        (Kind::RefusedBudget, DownloadReason::Budget),
        (Kind::RefusedStreams, DownloadReason::Streams),
        (Kind::RefusedOver, DownloadReason::TooLate),
    ];
    std::iter::once(first)
        .chain(others.into_iter().filter(|(kind, _)| had(*kind) && !(revoked && *kind == Kind::RefusedOver)).map(|(_, reason)| reason))
        .collect()
}

/// A page of a purchase's events, newest first. `cursor` is how many were seen.
pub async fn events(store: &Store, staff: &Staff, purchase: PurchaseId, cursor: Option<i64>) -> Result<DownloadEvents> {
    staff.must(store, Permission::SeeDownloads, "downloads.see", format!("purchase:{purchase}"), &staff.origin).await?;
    let known: Option<i64> =
        sqlx::query_scalar("SELECT id FROM purchases WHERE id = $1").bind(purchase.0).fetch_optional(store.0.db.reader()).await?;
    known.ok_or(Code::NotFound)?;
    events_of(store, purchase, cursor).await
}

pub(crate) async fn events_of(store: &Store, purchase: PurchaseId, cursor: Option<i64>) -> Result<DownloadEvents> {
    let seen = cursor.unwrap_or_default().max(0);
    let rows = sqlx::query(
        "SELECT gateway, sequence, link, kind, ip, user_agent, detail, created_at FROM download_events WHERE purchase_id = $1
         ORDER BY created_at DESC, gateway, sequence DESC LIMIT $2 OFFSET $3",
    )
    .bind(purchase.0)
    .bind(EVENTS + 1)
    .bind(seen)
    .fetch_all(store.0.db.reader())
    .await?;
    let length = usize::try_from(EVENTS).unwrap_or_default();
    let event = |row: &AnyRow| {
        Ok(DownloadEvent {
            gateway: row.try_get("gateway")?,
            sequence: row.try_get("sequence")?,
            link: row.try_get("link")?,
            kind: row.try_get("kind")?,
            ip: row.try_get("ip")?,
            user_agent: row.try_get("user_agent")?,
            detail: row.try_get("detail")?,
            created_at: Instant(row.try_get("created_at")?),
        })
    };
    let results = rows.iter().take(length).map(event).collect::<Result<_>>()?;
    Ok(DownloadEvents { results, next_cursor: (rows.len() > length).then_some(seen.saturating_add(EVENTS)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_received_is_judged_by_bytes() {
        assert_eq!(received(0, 10, &[Kind::Claimed, Kind::Opened]), Received::Never);
        assert_eq!(received(9, 10, &[Kind::Claimed, Kind::Opened, Kind::Interrupted, Kind::Revoked]), Received::Partly);
        assert_eq!(received(10, 10, &[Kind::Claimed, Kind::Opened, Kind::Revoked, Kind::Delivered]), Received::Complete);
        assert_eq!(received(0, 0, &[Kind::Claimed]), Received::Never);
        assert_eq!(received(0, 0, &[Kind::Claimed, Kind::Completed, Kind::Revoked]), Received::Complete);
    }

    #[test]
    fn the_weightiest_reason_comes_first() {
        use DownloadReason as Reason;
        let cut = |kinds: &[Kind]| reasons(DownloadOutcome::Cut, kinds);
        assert_eq!(cut(&[Kind::Claimed]), [Reason::NeverStarted]);
        assert_eq!(reasons(DownloadOutcome::Underway, &[Kind::Claimed]), [Reason::NeverStarted]);
        assert_eq!(reasons(DownloadOutcome::Underway, &[Kind::Claimed, Kind::Opened]), [Reason::Underway]);
        assert_eq!(reasons(DownloadOutcome::Revoked, &[Kind::Claimed, Kind::RefusedOver]), [Reason::Revoked]);
        assert_eq!(cut(&[Kind::Claimed, Kind::Opened, Kind::Interrupted, Kind::RefusedBudget]), [Reason::LineCut, Reason::Budget]);
        assert_eq!(cut(&[Kind::Claimed, Kind::Opened, Kind::Ended]), [Reason::TimeOver]);
        assert_eq!(reasons(DownloadOutcome::Unclaimed, &[Kind::Expired, Kind::RefusedOver]), [Reason::NeverOpened, Reason::TooLate]);
        assert_eq!(reasons(DownloadOutcome::Complete, &[Kind::RefusedUsed, Kind::Completed]), [Reason::Arrived, Reason::OtherBrowser]);
    }
}
