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

/// Where coins came from and where they went.
#[component]
fn Coinage(total: Figures, before: Figures) -> impl IntoView {
    let row = |name: &'static str, of: fn(&Figures) -> i64| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="amount" data-label=tr!(figures.coins)>
                    <Coins amount=of(&total) signed=false />
                </td>
                <td class="amount quiet" data-label=tr!(figures.before)>
                    <Number value=of(&before) />
                </td>
            </tr>
        }
    };
    view! {
        <section aria-labelledby="coinage">
            <h2 id="coinage">{tr!(figures.coinage)}</h2>
            <table class="list numbers">
                <thead>
                    <tr>
                        <th scope="col">{tr!(figures.what)}</th>
                        <th scope="col" class="amount">
                            {tr!(figures.coins)}
                        </th>
                        <th scope="col" class="amount">
                            {tr!(figures.before)}
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {row(tr!(figures.issued_codes), |figures| figures.issued_codes)}
                    {row(tr!(figures.issued_direct), |figures| figures.issued_direct)}
                    {row(tr!(figures.issued_bonus), |figures| figures.issued_bonus)}
                    {row(tr!(figures.spent_files), |figures| figures.spent_files)}
                    {row(tr!(figures.spent_packages), |figures| figures.spent_packages)}
                    {row(tr!(figures.refunded), |figures| figures.refunded)}
                    {row(tr!(figures.corrected), |figures| figures.corrected)}
                </tbody>
            </table>
        </section>
    }
}

/// From a temporary account to a buyer.
#[component]
fn Funnel(now: Conversion, before: Conversion) -> impl IntoView {
    let of = |part: i64, whole: i64| format!("\u{2066}{}%\u{2069}", part * 100 / whole.max(1));
    let row = |name: &'static str, value: i64, was: i64, was_whole: i64| {
        view! {
            <tr>
                <th scope="row">{name} <Share part=value whole=now.opened /></th>
                <td class="amount" data-label=tr!(figures.accounts)>
                    <Number value />
                </td>
                <td class="amount" data-label=tr!(figures.share)>
                    {of(value, now.opened)}
                </td>
                <td class="amount quiet" data-label=tr!(figures.before)>
                    {of(was, was_whole)}
                </td>
            </tr>
        }
    };
    view! {
        <section aria-labelledby="funnel">
            <h2 id="funnel">{tr!(figures.conversion)}</h2>
            <p class="quiet">{tr!(figures.conversion_text)}</p>
            <table class="list numbers">
                <thead>
                    <tr>
                        <th scope="col">{tr!(figures.what)}</th>
                        <th scope="col" class="amount">
                            {tr!(figures.accounts)}
                        </th>
                        <th scope="col" class="amount">
                            {tr!(figures.share)}
                        </th>
                        <th scope="col" class="amount">
                            {tr!(figures.before)}
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {row(tr!(figures.opened), now.opened, before.opened, before.opened)}
                    {row(tr!(figures.activated), now.activated, before.activated, before.opened)}
                    {row(tr!(figures.bought), now.bought, before.bought, before.opened)}
                </tbody>
            </table>
        </section>
    }
}

#[component]
fn Best(files: Vec<FileFigures>, whole: i64) -> impl IntoView {
    let rows = files.into_iter().map(|file| (file.title, file.sold)).collect();
    view! { <SoldTable id="best" title=tr!(figures.best_files) column=tr!(figures.file) rows whole /> }
}

#[component]
fn Categories(categories: Vec<CategoryFigures>, whole: i64) -> impl IntoView {
    let rows = categories.into_iter().map(|category| (category.name, category.sold)).collect();
    view! { <SoldTable id="categories" title=tr!(figures.by_category) column=tr!(figures.category) rows whole /> }
}

#[component]
fn SoldTable(id: &'static str, title: &'static str, column: &'static str, rows: Vec<(String, Sold)>, whole: i64) -> impl IntoView {
    let empty = rows.is_empty();
    let rows = rows.into_iter().map(|(name, sold)| {
        view! {
            <tr>
                <th scope="row">
                    <bdi>{name}</bdi>
                    <Share part=sold.coins whole />
                </th>
                <td class="amount" data-label=tr!(figures.coins)>
                    <Coins amount=sold.coins />
                </td>
                <td class="amount" data-label=tr!(figures.sales)>
                    <Number value=sold.sales />
                </td>
                <td class="amount" data-label=tr!(figures.taken)>
                    <Number value=sold.taken />
                </td>
                <td class="amount" data-label=tr!(figures.refunded)>
                    <Number value=sold.refunded />
                </td>
            </tr>
        }
    });
    let table = view! {
        <table class="list numbers">
            <thead>
                <tr>
                    <th scope="col">{column}</th>
                    <th scope="col" class="amount">
                        {tr!(figures.coins)}
                    </th>
                    <th scope="col" class="amount">
                        {tr!(figures.sales)}
                    </th>
                    <th scope="col" class="amount">
                        {tr!(figures.taken)}
                    </th>
                    <th scope="col" class="amount">
                        {tr!(figures.refunded)}
                    </th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    };
    view! {
        <section aria-labelledby=id>
            <h2 id=id>{title}</h2>
            {if empty { view! { <p class="quiet">{tr!(figures.none_sold)}</p> }.into_any() } else { table.into_any() }}
        </section>
    }
}

#[component]
fn Resellers(resellers: Vec<ResellerFigures>, whole: i64) -> impl IntoView {
    let empty = resellers.is_empty();
    let rows = resellers.into_iter().map(|ResellerFigures { reseller, codes, coins }| {
        let name = if reseller.is_empty() { tr!(figures.no_reseller).to_owned() } else { reseller };
        view! {
            <tr>
                <th scope="row">
                    <bdi>{name}</bdi>
                    <Share part=coins whole />
                </th>
                <td class="amount" data-label=tr!(figures.coins)>
                    <Coins amount=coins />
                </td>
                <td class="amount" data-label=tr!(figures.codes)>
                    <Number value=codes />
                </td>
            </tr>
        }
    });
    let table = view! {
        <table class="list numbers">
            <thead>
                <tr>
                    <th scope="col">{tr!(figures.reseller)}</th>
                    <th scope="col" class="amount">
                        {tr!(figures.coins)}
                    </th>
                    <th scope="col" class="amount">
                        {tr!(figures.codes)}
                    </th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    };
    view! {
        <section aria-labelledby="resellers">
            <h2 id="resellers">{tr!(figures.by_reseller)}</h2>
            {if empty {
                view! { <Empty title=tr!(figures.no_codes_title) text=tr!(figures.no_codes_text) /> }.into_any()
            } else {
                table.into_any()
            }}
        </section>
    }
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
    view! {
        <section aria-labelledby="tables">
            <h2 id="tables">{tr!(figures.csv)}</h2>
            <p class="row-actions">{links}</p>
        </section>
    }
}
