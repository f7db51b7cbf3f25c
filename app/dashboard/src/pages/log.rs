//! A log's page: filters above, the lines that fit, the same as CSV.

use std::time::Duration;

use app::{
    Failure,
    components::{Empty, Failed, Heading, Icon, Skeleton, status},
};
use leptos::prelude::*;
use shared::{Code, FieldCode, Problem};

use crate::{
    components::{Filters, Pager},
    locale::tr,
};

/// How often what is on the screen is looked at again.
const EVERY: Duration = Duration::from_secs(4);

/// The lines of a page, and where the next one begins; nothing when there are none.
pub type Drawn = Option<(AnyView, Option<i64>)>;

/// A log of which each page is a `P`.
#[component]
pub fn Log<P: Clone + Send + Sync + 'static>(
    /// What it is called.
    title: &'static str,
    /// What it tells.
    lead: &'static str,
    /// What there is not, where no line fits.
    none: &'static str,
    /// Its path.
    path: &'static str,
    /// What stands in the filters, as part of an address.
    address: Memo<String>,
    /// True on the first page.
    first: Memo<bool>,
    /// The page.
    page: Resource<Result<P, Failure>>,
    /// Draws it.
    draw: fn(P) -> Drawn,
    /// The filters.
    children: Children,
) -> impl IntoView {
    let csv = format!("{path}.csv?{}", address.get_untracked());
    view! {
        <Heading text=title />
        <p class="lead">{lead}</p>
        <Filters action=path>{children()}</Filters>
        <p>
            <a class="button small" href=csv rel="external" download="">
                <Icon name="file-down" />
                {tr!(people.csv)}
            </a>
        </p>
        <Transition fallback=|| view! { <Skeleton lines=6 /> }>
            {move || Suspend::new(async move {
                match page.await.map(draw) {
                    Ok(Some((lines, next))) => {
                        view! {
                            {lines}
                            <Pager path=path.to_owned() query=address.get_untracked() first=first.get_untracked() next />
                        }
                            .into_any()
                    }
                    Ok(None) => view! { <Empty title=none text=tr!(people.downloads_none_text) /> }.into_any(),
                    // What is wrong stands beside its filter.
                    Err(Failure(Problem { code: Code::Invalid, .. })) => {
                        status(Code::Invalid.status());
                        ().into_any()
                    }
                    Err(failure) => view! { <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
    }
}

/// Looks again every few seconds, as long as the page is looked at: what happens is seen without a reload, and nothing is drawn anew where
/// nothing happened.
pub fn follow<Q, P, F>(asked: Memo<Q>, page: Resource<Result<P, Failure>>, fetch: impl Fn(Q) -> F + Copy + 'static)
where
    Q: Clone + PartialEq + Send + Sync + 'static,
    P: Clone + PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<P, Failure>> + 'static,
{
    let look = move || {
        if document().hidden() {
            return;
        }
        leptos::task::spawn_local(async move {
            let query = asked.get_untracked();
            let Ok(fresh) = fetch(query.clone()).await else { return };
            // What was asked meanwhile has its own answer.
            let shown = page.get_untracked();
            if asked.try_get_untracked() == Some(query) && shown.is_some_and(|shown| shown.as_ref() != Ok(&fresh)) {
                page.set(Some(Ok(fresh)));
            }
        });
    };
    Effect::new(move |_| {
        if let Ok(interval) = set_interval_with_handle(look, EVERY) {
            on_cleanup(move || interval.clear());
        }
    });
}

/// The rule that a filter broke.
pub fn broken(problem: Option<&Problem>, field: &str) -> Signal<Option<FieldCode>> {
    Signal::stored(problem.and_then(|problem| problem.of_field(field)))
}
