//! Reads figures at one moment: what was counted, and the rows of what was not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shared::{
    CategoryId, Coins, Day, FileId,
    api::admin::{CategoryFigures, Conversion, Figures, FileFigures, ResellerFigures, Sold, Step},
};
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

use super::{
    counting::{Counted, FACTS},
    customers::{self, Customers},
    spans::Spans,
};
use crate::{Result, Store};

/// What the series are made of. What is of a file or batch stands apart: it is many rows.
const SERIES: &str = "AND what IN ('in.recharge_code', 'in.direct_recharge', 'in.activation_bonus', 'in.refund', 'in.correction',
    'out.purchase', 'out.subscription', 'out.correction', 'taken', 'activated', 'event.claimed', 'event.completed', 'event.ended',
    'event.storage_failed', 'event.refused_cookie', 'event.refused_used', 'event.refused_over', 'event.refused_budget', 'event.refused_streams')";
const FILES: &str = "AND what IN ('file.sold', 'file.taken', 'file.refunded')";
const BATCHES: &str = "AND what = 'batch'";

/// Up to how many files are asked for by their numbers; of more, all are read.
const MOST_NAMED: usize = 5_000;

/// A fact that was summed: what, of which day or period, of which file or batch.
struct Sum {
    what: String,
    day: Day,
    id: i64,
    number: i64,
    coins: Coins,
}

/// What was sold, by file and by category.
pub(super) struct SoldLists {
    pub(super) files: Vec<FileFigures>,
    pub(super) categories: Vec<CategoryFigures>,
}

/// A look at the store at one moment.
pub(super) struct Reader {
    connection: Transaction<'static, Any>,
    utc_offset: i64,
    now: i64,
    /// The first day that is not counted.
    counted: Day,
    /// Facts of the days from there on.
    rows: Vec<Sum>,
    /// Who was active on the days from there on.
    active: Vec<(Day, i64)>,
}

impl Reader {
    /// Looks at the days up to `end` (not included), of which those before `from` are needed as a whole only.
    pub(super) async fn begin(store: &Store, from: Day, end: Day) -> Result<Self> {
        let utc_offset = store.settings().utc_offset;
        let mut connection = store.0.db.snapshot().await?;
        let counted = Counted::read(&mut connection).await?.day(utc_offset);
        let mut reader = Self { connection, utc_offset, now: store.now().0, counted, rows: Vec::new(), active: Vec::new() };
        // Up to now rather than to the end: codes that are open now were not redeemed after the end either.
        reader.read_rows(Day::of(store.now(), utc_offset).plus(1).max(end)).await?;
        if counted < end {
            reader.read_active(from.max(counted), end).await?;
        }
        Ok(reader)
    }

    async fn read_rows(&mut self, end: Day) -> Result<()> {
        let sql = format!(
            "SELECT what, day, id, CAST(SUM(number) AS BIGINT) AS number, CAST(SUM(coins) AS BIGINT) AS coins FROM ({FACTS}) AS facts GROUP BY what, day, id"
        );
        let (from, until) = (self.counted.start(self.utc_offset).0, end.start(self.utc_offset).0);
        for row in sqlx::query(AssertSqlSafe(sql)).bind(from).bind(until).bind(self.utc_offset).fetch_all(&mut *self.connection).await? {
            self.rows.push(Sum {
                what: row.try_get("what")?,
                day: Day(row.try_get("day")?),
                id: row.try_get("id")?,
                number: row.try_get("number")?,
                coins: row.try_get("coins")?,
            });
        }
        Ok(())
    }

    async fn read_active(&mut self, from: Day, end: Day) -> Result<()> {
        let (from, end) = (from.start(self.utc_offset).0, end.start(self.utc_offset).0);
        for row in sqlx::query(customers::ACTIVE).bind(from).bind(end).bind(self.utc_offset).fetch_all(&mut *self.connection).await? {
            self.active.push((Day(row.try_get("day")?), row.try_get("customer_id")?));
        }
        Ok(())
    }

    /// The facts of days that are not counted.
    fn rows(&self, spans: &Spans) -> impl Iterator<Item = &Sum> {
        let (from, end) = spans.rows;
        self.rows.iter().filter(move |sum| from <= sum.day && sum.day < end)
    }

    /// Figures step by step, and their sum, in which every active customer counts once.
    pub(super) async fn series(&mut self, from: Day, end: Day, step: Step) -> Result<(Vec<(Day, Figures)>, Figures)> {
        let spans = if step == Step::Day { Spans::daily(from, end, self.counted) } else { Spans::new(from, end, self.counted) };
        let begins = |day: Day| if step == Step::Day { day } else { day.month().max(from) };
        let mut steps = BTreeMap::<Day, Figures>::new();
        let mut start = from;
        while start < end {
            steps.insert(start, Figures::default());
            start = if step == Step::Day { start.plus(1) } else { start.next_month() };
        }
        let sql = format!("SELECT what, period, number, coins FROM {}", spans.of("counts", "what, period, number, coins", SERIES));
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *self.connection).await? {
            let figures = steps.entry(begins(Day(row.try_get("period")?))).or_default();
            take(figures, row.try_get("what")?, row.try_get("number")?, row.try_get("coins")?);
        }
        for sum in self.rows(&spans) {
            take(steps.entry(begins(sum.day)).or_default(), &sum.what, sum.number, sum.coins);
        }
        let mut total = Figures::default();
        for figures in steps.values() {
            total += *figures;
        }
        let active = self.active(&spans, begins).await?;
        let mut all = Customers::default();
        for (start, customers) in active {
            steps.entry(start).or_default().active_customers = customers.len();
            all.add(&customers);
        }
        total.active_customers = all.len();
        Ok((steps.into_iter().collect(), total))
    }

    /// Who was active in each step.
    async fn active(&mut self, spans: &Spans, begins: impl Fn(Day) -> Day) -> Result<BTreeMap<Day, Customers>> {
        let mut active = BTreeMap::<Day, Customers>::new();
        let sql = format!("SELECT period, ids FROM {}", spans.of("active_customers", "period, ids", ""));
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *self.connection).await? {
            let ids: String = row.try_get("ids")?;
            customers::read(&ids, active.entry(begins(Day(row.try_get("period")?))).or_default())?;
        }
        let (from, end) = spans.rows;
        for (day, customer) in self.active.iter().filter(|(day, _)| from <= *day && *day < end) {
            active.entry(begins(*day)).or_default().insert(*customer);
        }
        Ok(active)
    }

    /// Sums by file or batch over some days.
    async fn sums(&mut self, from: Day, end: Day, whats: &str) -> Result<Vec<Sum>> {
        let spans = Spans::new(from, end, self.counted);
        let sql = format!(
            "SELECT what, id, CAST(SUM(number) AS BIGINT) AS number, CAST(SUM(coins) AS BIGINT) AS coins FROM {} GROUP BY what, id",
            spans.of("counts", "what, id, number, coins", whats)
        );
        let mut sums = Vec::new();
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *self.connection).await? {
            let (what, id) = (row.try_get("what")?, row.try_get("id")?);
            sums.push(Sum { what, day: from, id, number: row.try_get("number")?, coins: row.try_get("coins")? });
        }
        for sum in self.rows(&spans).filter(|sum| whats.contains(&format!("'{}'", sum.what))) {
            sums.push(Sum { what: sum.what.clone(), ..*sum });
        }
        Ok(sums)
    }

    /// What was sold of each category, and of so many files that brought most.
    pub(super) async fn sold(&mut self, from: Day, end: Day, listed: usize) -> Result<SoldLists> {
        let mut by_file = HashMap::<i64, Sold>::new();
        for Sum { what, id, number, coins, .. } in self.sums(from, end, FILES).await? {
            let sold = by_file.entry(id).or_default();
            match what.as_str() {
                "file.sold" => *sold += Sold { sales: number, coins, ..Sold::default() },
                "file.taken" => *sold += Sold { taken: number, ..Sold::default() },
                _ => *sold += Sold { refunded: coins, ..Sold::default() },
            }
        }
        let mut by_category = BTreeMap::<i64, Sold>::new();
        for (file, category) in self.categories_of(&by_file).await? {
            *by_category.entry(category).or_default() += by_file[&file];
        }
        let mut best: Vec<(i64, Sold)> = by_file.into_iter().collect();
        best.sort_by_key(|(id, sold)| (-sold.coins, -sold.sales - sold.taken, *id));
        best.truncate(listed);
        let titles = self.names("SELECT id, title AS name FROM files", best.iter().map(|(id, _)| *id).collect()).await?;
        let names = self.names("SELECT id, name FROM categories", by_category.keys().copied().collect()).await?;
        let name = |names: &HashMap<i64, String>, id: i64| names.get(&id).cloned().unwrap_or_default();
        let files = best.into_iter().map(|(id, sold)| FileFigures { id: FileId(id), title: name(&titles, id), sold }).collect();
        let mut categories: Vec<_> =
            by_category.into_iter().map(|(id, sold)| CategoryFigures { id: CategoryId(id), name: name(&names, id), sold }).collect();
        categories.sort_by_key(|category| -category.sold.coins);
        Ok(SoldLists { files, categories })
    }

    /// The category of each file.
    async fn categories_of(&mut self, files: &HashMap<i64, Sold>) -> Result<Vec<(i64, i64)>> {
        let mut found = Vec::with_capacity(files.len());
        if files.is_empty() {
            return Ok(found);
        }
        let of = if files.len() <= MOST_NAMED {
            format!(" WHERE id IN ({})", files.keys().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        } else {
            String::new()
        };
        for row in sqlx::query(AssertSqlSafe(format!("SELECT id, category_id FROM files{of}"))).fetch_all(&mut *self.connection).await? {
            let file = row.try_get("id")?;
            if files.contains_key(&file) {
                found.push((file, row.try_get("category_id")?));
            }
        }
        Ok(found)
    }

    async fn names(&mut self, select: &str, ids: BTreeSet<i64>) -> Result<HashMap<i64, String>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let rows = sqlx::query(AssertSqlSafe(format!("{select} WHERE id IN ({list})"))).fetch_all(&mut *self.connection).await?;
        rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("name")?))).collect()
    }

    /// Codes that can be redeemed now and their coins; and what was redeemed in some days, by reseller.
    pub(super) async fn codes(&mut self, from: Day, end: Day) -> Result<(i64, Coins, Vec<ResellerFigures>)> {
        let redeemed = self.sums(from, end, BATCHES).await?;
        let far = Day::of(shared::Instant(self.now), self.utc_offset).plus(1);
        let mut ever = HashMap::<i64, i64>::new();
        for sum in self.sums(Day(0), far, BATCHES).await? {
            *ever.entry(sum.id).or_default() += sum.number;
        }
        let (mut open, mut open_coins) = (0, 0);
        let mut resellers = HashMap::<i64, String>::new();
        let batches = sqlx::query("SELECT id, value, count, reseller, expires_at, cancelled_at FROM code_batches");
        for row in batches.fetch_all(&mut *self.connection).await? {
            let (id, value, count): (i64, Coins, i64) = (row.try_get("id")?, row.try_get("value")?, row.try_get("count")?);
            let expires_at: Option<i64> = row.try_get("expires_at")?;
            let lapsed = row.try_get::<Option<i64>, _>("cancelled_at")?.is_some() || expires_at.is_some_and(|at| at <= self.now);
            if !lapsed {
                let left = count - ever.get(&id).copied().unwrap_or_default();
                (open, open_coins) = (open + left, open_coins + left * value);
            }
            resellers.insert(id, row.try_get("reseller")?);
        }
        let mut by_reseller = BTreeMap::<String, (i64, Coins)>::new();
        for sum in redeemed {
            let (codes, coins) = by_reseller.entry(resellers.get(&sum.id).cloned().unwrap_or_default()).or_default();
            (*codes, *coins) = (*codes + sum.number, *coins + sum.coins);
        }
        let mut resellers: Vec<_> =
            by_reseller.into_iter().map(|(reseller, (codes, coins))| ResellerFigures { reseller, codes, coins }).collect();
        resellers.sort_by_key(|reseller| -reseller.coins);
        Ok((open, open_coins, resellers))
    }

    /// Coins that customers held when the day began: all that ever came in, less what went out.
    pub(super) async fn held(&mut self, end: Day) -> Result<Coins> {
        let spans = Spans::new(Day(0), end, self.counted);
        let moves = "AND what IN ('in.recharge_code', 'in.direct_recharge', 'in.activation_bonus', 'in.refund', 'in.correction',
            'out.purchase', 'out.subscription', 'out.correction')";
        let sql = format!(
            "SELECT CAST(COALESCE(SUM(CASE WHEN what LIKE 'in.%' THEN coins ELSE -coins END), 0) AS BIGINT) FROM {}",
            spans.of("counts", "what, coins", moves)
        );
        let mut held: Coins = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *self.connection).await?;
        for sum in self.rows(&spans) {
            held += if sum.what.starts_with("in.") {
                sum.coins
            } else if sum.what.starts_with("out.") {
                -sum.coins
            } else {
                0
            };
        }
        Ok(held)
    }

    /// What became of the accounts that were opened in some days; activated as in [`FACTS`].
    pub(super) async fn conversion(&mut self, from: Day, end: Day) -> Result<Conversion> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS opened, COUNT(first_spent_at) AS bought,
                 COUNT(CASE WHEN closed_at IS NULL OR activated_at < closed_at THEN activated_at END) AS activated,
                 (SELECT CAST(COALESCE(SUM(accounts), 0) AS BIGINT) FROM forgotten_accounts WHERE opened_at >= $1 AND opened_at < $2) AS forgotten
             FROM customers WHERE created_at >= $1 AND created_at < $2",
        )
        .bind(from.start(self.utc_offset).0)
        .bind(end.start(self.utc_offset).0)
        .fetch_one(&mut *self.connection)
        .await?;
        let (opened, forgotten): (i64, i64) = (row.try_get("opened")?, row.try_get("forgotten")?);
        Ok(Conversion { opened: opened + forgotten, activated: row.try_get("activated")?, bought: row.try_get("bought")? })
    }
}

/// Adds a fact to the figures that it belongs to.
fn take(figures: &mut Figures, what: &str, number: i64, coins: Coins) {
    let none = Figures::default();
    *figures += match what {
        "in.recharge_code" => Figures { codes_redeemed: number, issued_codes: coins, ..none },
        "in.direct_recharge" => Figures { issued_direct: coins, ..none },
        "in.activation_bonus" => Figures { issued_bonus: coins, ..none },
        "in.refund" => Figures { refunds: number, refunded: coins, ..none },
        "in.correction" => Figures { corrected: coins, ..none },
        "out.correction" => Figures { corrected: -coins, ..none },
        "out.purchase" => Figures { sales: number, spent_files: coins, ..none },
        "out.subscription" => Figures { packages: number, spent_packages: coins, ..none },
        "taken" => Figures { taken: number, ..none },
        "activated" => Figures { new_customers: number, ..none },
        "event.claimed" => Figures { downloads: number, ..none },
        "event.completed" => Figures { completed: number, ..none },
        "event.ended" | "event.storage_failed" => Figures { failed: number, ..none },
        refused if refused.starts_with("event.refused_") => Figures { refused: number, ..none },
        _ => none,
    };
}
