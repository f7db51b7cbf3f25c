//! The first look at the day: what needs somebody.

use app::components::{Ago, Failed, Form, Heading, Icon, Skeleton};
use leptos::prelude::*;
use shared::api::admin::{Alert, Figures, Permission, Step};

use crate::{
    calls::{
        desk::{DismissAlert, get_alerts},
        statistics::get_glance,
    },
    components::{Chart, Refusal, Series, Tile, day_label, parts},
    deed::Deed,
    desk::{desk, guarded},
    locale::tr,
    texts,
};

/// The first page.
#[component]
pub fn Today() -> impl IntoView {
    guarded(Permission::Work, || view! { <TodayOf /> }.into_any())
}

#[component]
fn TodayOf() -> impl IntoView {
    let name =
        desk().colleague.with_untracked(|colleague| colleague.as_ref().map(|colleague| colleague.username.clone())).unwrap_or_default();
    view! {
        <Heading text=tr!(today.title) />
        <p class="lead">{tr!(today.welcome)} " " <bdi>{name}</bdi></p>
        <Warnings />
        {untrack(|| desk().may(Permission::SeeStatistics)).then(|| view! { <Numbers /> })}
        <Ways />
    }
}

/// The day's figures beside the day before, and the week's.
#[component]
fn Numbers() -> impl IntoView {
    let week = Resource::new_blocking(|| (), |()| get_glance());
    view! {
        <section aria-labelledby="numbers">
            <h2 id="numbers">{tr!(figures.today_numbers)}</h2>
            <Transition fallback=|| view! { <Skeleton lines=3 /> }>
                {move || Suspend::new(async move {
                    match week.await {
                        Ok(week) => {
                            let mut days = week.days.iter().rev().map(|moment| moment.figures);
                            let (day, before) = (days.next().unwrap_or_default(), days.next().unwrap_or_default());
                            let labels = week.days.iter().map(|moment| day_label(moment.start, Step::Day)).collect();
                            let row = |name, of: fn(&Figures) -> i64| {
                                Series { name, values: week.days.iter().map(|moment| of(&moment.figures)).collect() }
                            };
                            view! {
                                <dl class="tiles">
                                    <Tile name=tr!(figures.spent) value=day.spent() before=Some(before.spent()) coins=true />
                                    <Tile name=tr!(figures.issued) value=day.issued() before=Some(before.issued()) coins=true />
                                    <Tile name=tr!(figures.sales) value=day.sales before=Some(before.sales) />
                                    <Tile name=tr!(figures.new_customers) value=day.new_customers before=Some(before.new_customers) />
                                    <Tile name=tr!(figures.downloads) value=day.downloads before=Some(before.downloads) />
                                    <Tile
                                        name=tr!(figures.liability)
                                        value=week.liability
                                        before=None
                                        coins=true
                                        note=tr!(figures.liability_note)
                                    />
                                </dl>
                                <Chart
                                    id="week"
                                    title=tr!(figures.week_chart)
                                    labels
                                    bars=row(tr!(figures.spent), Figures::spent)
                                    marks=row(tr!(figures.issued), Figures::issued)
                                />
                            }
                                .into_any()
                        }
                        Err(failure) => view! { <Failed failure /> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
}

/// The way to everything that the member may do.
#[component]
fn Ways() -> impl IntoView {
    let mine = parts().into_iter().filter(|(href, _, _, permission)| *href != "/admin" && untrack(|| desk().may(*permission)));
    let ways = mine.map(|(href, icon, name, _)| {
        view! {
            <li>
                <a href=href>
                    <Icon name=icon />
                    <span>{name}</span>
                </a>
            </li>
        }
    });
    view! {
        <nav aria-labelledby="ways">
            <h2 id="ways">{tr!(figures.ways)}</h2>
            <ul class="ways">{ways.collect_view()}</ul>
        </nav>
    }
}

/// What the store warns of.
#[component]
fn Warnings() -> impl IntoView {
    let dismiss = Deed::<DismissAlert>::new("alert");
    let done = dismiss.times();
    let alerts = Resource::new_blocking(move || done.get(), |_| get_alerts());
    view! {
        <section aria-labelledby="alerts">
            <h2 id="alerts">{tr!(alert.heading)}</h2>
            <Refusal failure=dismiss.outcome.failure() />
            <Transition fallback=|| view! { <Skeleton lines=1 /> }>
                {move || Suspend::new(async move {
                    match alerts.await {
                        Ok(alerts) if alerts.is_empty() => {
                            view! {
                                <p class="calm">
                                    <Icon name="circle-check" />
                                    {tr!(alert.none)}
                                </p>
                            }
                                .into_any()
                        }
                        Ok(alerts) => alerts.into_iter().map(|alert| view! { <Warning alert dismiss /> }).collect_view().into_any(),
                        Err(failure) => view! { <Failed failure /> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
}

#[component]
fn Warning(alert: Alert, dismiss: Deed<DismissAlert>) -> impl IntoView {
    let (title, text) = texts::alert(alert.kind);
    view! {
        <article class="warning">
            <Icon name="triangle-alert" />
            <div>
                <h3>{title}</h3>
                <p>{text}</p>
                <p class="quiet">
                    {tr!(alert.since)} " " <Ago at=alert.first_at /> " · " {tr!(alert.last)} " " <Ago at=alert.last_at />
                </p>
                <p class="evidence" dir="ltr">
                    {alert.detail}
                </p>
                <Form
                    action=dismiss.action
                    failure=Signal::stored(None)
                    submit=tr!(alert.dismiss)
                    pending=tr!(alert.dismissing)
                    icon="check"
                >
                    <input type="hidden" name="kind" value=alert.kind.as_str() />
                </Form>
            </div>
        </article>
    }
}
