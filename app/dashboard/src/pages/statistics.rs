//! What was sold and what is owed, over any days.

use app::components::{Coins, Empty, Failed, Heading, Icon, Number, Skeleton};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::api::admin::{
    CategoryFigures, Conversion, Figures, FileFigures, Permission, Preset, ResellerFigures, Sold, Statistics as Told,
};

use crate::{
    calls::statistics::get_statistics,
    components::{Chart, Filters, Kind, Series, Share, TextField, Tile, day_label},
    desk::guarded,
    locale::tr,
};

/// The statistics' page.
#[component]
pub fn Statistics() -> impl IntoView {
    guarded(Permission::SeeStatistics, || view! { <Overview /> }.into_any())
}

#[component]
fn Overview() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let text = |name: &str| query.with(|query| query.get(name)).unwrap_or_default();
        (text("range"), text("from"), text("to"))
    });
    let figures = Resource::new_blocking(move || asked.get(), |(range, from, to)| get_statistics(range, from, to));
    view! {
        <Heading text=tr!(figures.title) />
        <Transition fallback=|| view! { <Skeleton lines=6 /> }>
            {move || Suspend::new(async move {
                let (range, from, to) = asked.get_untracked();
                match figures.await {
                    Ok(told) => {
                        let (from, to) = (told.from.to_string(), told.to.to_string());
                        view! {
                            <Ranges range from=from.clone() to=to.clone() />
                            <Shown told />
                            <Tables from to />
                        }
                            .into_any()
                    }
                    Err(failure) => view! { <Ranges range from to /> <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
    }
}

/// Which days to look at.
#[component]
fn Ranges(range: String, from: String, to: String) -> impl IntoView {
    let chosen = if range.is_empty() { Preset::Week.as_str().to_owned() } else { range };
    let presets = [
        (Preset::Today, tr!(figures.today)),
        (Preset::Week, tr!(figures.week)),
        (Preset::Thirty, tr!(figures.thirty)),
        (Preset::ThisMonth, tr!(figures.this_month)),
        (Preset::Year, tr!(figures.year)),
    ];
    let links = presets.map(|(preset, name)| {
        let current = (chosen == preset.as_str()).then_some("true");
        view! {
            <a class="button small" href=format!("/admin/statistics?range={}", preset.as_str()) aria-current=current>
                {name}
            </a>
        }
    });
    view! {
        <nav class="presets" aria-label=tr!(figures.days)>
            {links}
        </nav>
        <Filters action="/admin/statistics">
            <input type="hidden" name="range" value="custom" />
            <TextField name="from" label=tr!(figures.from) kind=Kind::Date value=from error=Signal::stored(None) />
            <TextField name="to" label=tr!(figures.to) kind=Kind::Date value=to error=Signal::stored(None) />
        </Filters>
    }
}

#[component]
fn Shown(told: Told) -> impl IntoView {
    let Told { total, before, step, .. } = told;
    let labels: Vec<String> = told.series.iter().map(|moment| day_label(moment.start, step)).collect();
    let row = |name: &'static str, of: fn(&Figures) -> i64| Series {
        name,
        values: told.series.iter().map(|moment| of(&moment.figures)).collect(),
    };
    let open = tr!(figures.open_codes_note, count = app::format::Count(told.open_codes));
    view! {
        <dl class="tiles">
            <Tile name=tr!(figures.spent) value=total.spent() before=Some(before.spent()) coins=true />
            <Tile name=tr!(figures.issued) value=total.issued() before=Some(before.issued()) coins=true />
            <Tile name=tr!(figures.liability) value=told.liability before=Some(told.liability_before) coins=true />
            <Tile name=tr!(figures.open_codes) value=told.open_codes_coins before=None coins=true note=open />
            <Tile name=tr!(figures.sales) value=total.sales before=Some(before.sales) />
            <Tile name=tr!(figures.downloads) value=total.downloads before=Some(before.downloads) />
            <Tile name=tr!(figures.new_customers) value=total.new_customers before=Some(before.new_customers) />
            <Tile name=tr!(figures.active_customers) value=total.active_customers before=Some(before.active_customers) />
        </dl>
        <Chart
            id="coins"
            title=tr!(figures.coins_chart)
            labels=labels.clone()
            bars=row(tr!(figures.spent), Figures::spent)
            marks=row(tr!(figures.issued), Figures::issued)
        />
        <Chart
            id="downloads"
            title=tr!(figures.downloads_chart)
            labels=labels.clone()
            bars=row(tr!(figures.completed), |figures| figures.completed)
            marks=row(tr!(figures.failed_or_refused), |figures| figures.failed + figures.refused)
        />
        <Chart
            id="customers"
            title=tr!(figures.customers_chart)
            labels
            bars=row(tr!(figures.active_customers), |figures| figures.active_customers)
            marks=row(tr!(figures.new_customers), |figures| figures.new_customers)
        />
        <Coinage total before />
        <Funnel now=told.conversion before=told.conversion_before />
        <Best files=told.files whole=total.spent_files />
        <Categories categories=told.categories whole=total.spent_files />
        <Resellers resellers=told.resellers whole=total.issued_codes />
    }
}

/// A part of the page under its heading.
fn part(id: &'static str, title: &'static str, content: impl IntoView) -> impl IntoView {
    view! {
        <section aria-labelledby=id>
            <h2 id=id>{title}</h2>
            {content}
        </section>
    }
}

/// A column of figures.
#[derive(Clone, Copy)]
struct Column {
    name: &'static str,
    /// Holds what it is only compared with.
    quiet: bool,
}

fn column(name: &'static str) -> Column {
    Column { name, quiet: false }
}

fn before_column() -> Column {
    Column { name: tr!(figures.before), quiet: true }
}

/// A table of figures: what its rows are of, its columns, and each row's head with a cell a column.
fn table<const N: usize>(what: &'static str, columns: [Column; N], rows: Vec<(AnyView, [AnyView; N])>) -> AnyView {
    let heads = columns.map(|column| {
        view! {
            <th scope="col" class="amount">
                {column.name}
            </th>
        }
    });
    let row = |(head, cells): (AnyView, [AnyView; N])| {
        let cells = columns.into_iter().zip(cells).map(|(column, cell)| {
            view! {
                <td class="amount" class:quiet=column.quiet data-label=column.name>
                    {cell}
                </td>
            }
        });
        view! {
            <tr>
                <th scope="row">{head}</th>
                {cells.collect_view()}
            </tr>
        }
    };
    view! {
        <table class="list numbers">
            <thead>
                <tr>
                    <th scope="col">{what}</th>
                    {heads.collect_view()}
                </tr>
            </thead>
            <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn coins(amount: i64) -> AnyView {
    view! { <Coins amount /> }.into_any()
}

fn number(value: i64) -> AnyView {
    view! { <Number value /> }.into_any()
}

/// A row's head: its name in whatever script, and how much of the whole it is.
fn head(name: String, part: i64, whole: i64) -> AnyView {
    view! {
        <bdi>{name}</bdi>
        <Share part whole />
    }
    .into_any()
}

/// Where coins came from and where they went.
#[component]
fn Coinage(total: Figures, before: Figures) -> impl IntoView {
    let row = |name: &'static str, of: fn(&Figures) -> i64| (name.into_any(), [coins(of(&total)), number(of(&before))]);
    let rows = vec![
        row(tr!(figures.issued_codes), |figures| figures.issued_codes),
        row(tr!(figures.issued_direct), |figures| figures.issued_direct),
        row(tr!(figures.issued_bonus), |figures| figures.issued_bonus),
        row(tr!(figures.spent_files), |figures| figures.spent_files),
        row(tr!(figures.spent_packages), |figures| figures.spent_packages),
        row(tr!(figures.refunded), |figures| figures.refunded),
        row(tr!(figures.corrected), |figures| figures.corrected),
    ];
    part("coinage", tr!(figures.coinage), table(tr!(figures.what), [column(tr!(figures.coins)), before_column()], rows))
}

/// From a temporary account to a buyer.
#[component]
fn Funnel(now: Conversion, before: Conversion) -> impl IntoView {
    let share = |part: i64, whole: i64| format!("\u{2066}{}%\u{2069}", part * 100 / whole.max(1)).into_any();
    let row = |name: &'static str, of: fn(&Conversion) -> i64| {
        let (value, was) = (of(&now), of(&before));
        let head = view! { {name} " " <Share part=value whole=now.opened /> };
        (head.into_any(), [number(value), share(value, now.opened), share(was, before.opened)])
    };
    let rows = vec![
        row(tr!(figures.opened), |counted| counted.opened),
        row(tr!(figures.activated), |counted| counted.activated),
        row(tr!(figures.bought), |counted| counted.bought),
    ];
    let columns = [column(tr!(figures.accounts)), column(tr!(figures.share)), before_column()];
    let content = view! {
        <p class="quiet">{tr!(figures.conversion_text)}</p>
        {table(tr!(figures.what), columns, rows)}
    };
    part("funnel", tr!(figures.conversion), content)
}

#[component]
fn Best(files: Vec<FileFigures>, whole: i64) -> impl IntoView {
    let rows = files.into_iter().map(|file| (file.title, file.sold));
    part("best", tr!(figures.best_files), sold_table(tr!(figures.file), rows, whole))
}

#[component]
fn Categories(categories: Vec<CategoryFigures>, whole: i64) -> impl IntoView {
    let rows = categories.into_iter().map(|category| (category.name, category.sold));
    part("categories", tr!(figures.by_category), sold_table(tr!(figures.category), rows, whole))
}

fn sold_table(what: &'static str, sold: impl Iterator<Item = (String, Sold)>, whole: i64) -> AnyView {
    let row = |(name, sold): (String, Sold)| {
        (head(name, sold.coins, whole), [coins(sold.coins), number(sold.sales), number(sold.taken), number(sold.refunded)])
    };
    let rows: Vec<_> = sold.map(row).collect();
    if rows.is_empty() {
        return view! { <p class="quiet">{tr!(figures.none_sold)}</p> }.into_any();
    }
    table(what, [tr!(figures.coins), tr!(figures.sales), tr!(figures.taken), tr!(figures.refunded)].map(column), rows)
}

#[component]
fn Resellers(resellers: Vec<ResellerFigures>, whole: i64) -> impl IntoView {
    let row = |ResellerFigures { reseller, codes, coins: issued }| {
        let name = if reseller.is_empty() { tr!(figures.no_reseller).to_owned() } else { reseller };
        (head(name, issued, whole), [coins(issued), number(codes)])
    };
    let content = if resellers.is_empty() {
        view! { <Empty title=tr!(figures.no_codes_title) text=tr!(figures.no_codes_text) /> }.into_any()
    } else {
        let rows = resellers.into_iter().map(row).collect();
        table(tr!(figures.reseller), [tr!(figures.coins), tr!(figures.codes)].map(column), rows)
    };
    part("resellers", tr!(figures.by_reseller), content)
}

/// The figures for spreadsheets.
#[component]
fn Tables(from: String, to: String) -> impl IntoView {
    let tables = [
        ("days", tr!(figures.csv_days)),
        ("files", tr!(figures.csv_files)),
        ("categories", tr!(figures.csv_categories)),
        ("resellers", tr!(figures.csv_resellers)),
    ];
    let links = tables.map(|(table, name)| {
        view! {
            <a class="button small" href=format!("/admin/statistics.csv?table={table}&from={from}&to={to}") rel="external" download="">
                <Icon name="file-down" />
                {name}
            </a>
        }
    });
    part("tables", tr!(figures.csv), view! { <p class="row-actions">{links}</p> })
}
