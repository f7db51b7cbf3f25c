//! A log's page: filters above, the lines that fit, the same as CSV.

use std::time::Duration;

use app::{
    Failure,
    components::{Empty, Failed, Heading, Icon, Skeleton, status},
    format::escape,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::{Code, FieldCode, Problem, api::admin::LogQuery};

use super::cursor;
use crate::{
    components::{Choice, Filters, Kind, Pager, TextField},
    locale::tr,
};

/// How often what is on the screen is looked at again.
const EVERY: Duration = Duration::from_secs(4);

/// The lines of a page, and where the next one begins; nothing when there are none.
pub type Drawn = Option<(AnyView, Option<i64>)>;

/// What is asked of a log, as the page's address has it.
pub fn asked<Q: LogQuery + PartialEq + Send + Sync + 'static>() -> Memo<Q> {
    let map = use_query_map();
    Memo::new(move |_| Q::typed(|name| map.with(|map| map.get(name).unwrap_or_default()), cursor(map)))
}

/// What stands in the filters, as part of an address.
fn address(query: &impl LogQuery) -> String {
    query.fields().into_iter().map(|(name, text)| format!("{name}={}", escape(text))).collect::<Vec<_>>().join("&")
}

/// A log's filters as they were typed, each with the rule that it broke.
pub struct Typed {
    fields: Vec<(&'static str, String)>,
    broken: Option<Problem>,
}

impl Typed {
    /// Of what is asked as the page is drawn.
    pub fn of<Q: LogQuery + Send + Sync + 'static>(asked: Memo<Q>) -> Self {
        asked.with_untracked(|query| Self {
            fields: query.fields().into_iter().map(|(name, text)| (name, text.to_owned())).collect(),
            // Which fields can't be understood does not depend on the shop's clock.
            broken: query.read(0).err(),
        })
    }

    fn value(&self, name: &str) -> String {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, text)| text.clone()).unwrap_or_default()
    }

    fn broken(&self, name: &str) -> Signal<Option<FieldCode>> {
        Signal::stored(self.broken.as_ref().and_then(|problem| problem.of_field(name)))
    }

    /// A filter that is typed.
    pub fn text(&self, name: &'static str, label: &'static str, kind: Kind) -> AnyView {
        view! { <TextField name label kind value=self.value(name) optional=true error=self.broken(name) /> }.into_any()
    }

    /// The same, with how to answer.
    pub fn hinted(&self, name: &'static str, label: &'static str, hint: &'static str) -> AnyView {
        view! { <TextField name label hint value=self.value(name) optional=true error=self.broken(name) /> }.into_any()
    }

    /// A filter that is chosen among words.
    pub fn choice(&self, name: &'static str, label: &'static str, options: Vec<(String, String)>) -> AnyView {
        view! { <Choice name label options value=self.value(name) error=self.broken(name) /> }.into_any()
    }

    /// From where, and in which days: what every log is searched by.
    pub fn place_and_days(&self) -> impl IntoView + use<> {
        [
            self.text("ip", tr!(people.ip), Kind::Code),
            self.text("from", tr!(people.from), Kind::Date),
            self.text("to", tr!(people.to), Kind::Date),
        ]
        .collect_view()
    }
}

/// A log that is asked by a `Q`, and of which each page is a `P`.
#[component]
pub fn Log<Q: LogQuery + Send + Sync + 'static, P: Clone + Send + Sync + 'static>(
    /// What it is called.
    title: &'static str,
    /// What it tells.
    lead: &'static str,
    /// What there is not, where no line fits.
    none: &'static str,
    /// Its path.
    path: &'static str,
    /// What is asked.
    asked: Memo<Q>,
    /// The page.
    page: Resource<Result<P, Failure>>,
    /// Draws it.
    draw: fn(P) -> Drawn,
    /// The filters.
    children: Children,
) -> impl IntoView {
    let address = move || asked.with_untracked(address);
    let csv = format!("{path}.csv?{}", address());
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
                            <Pager path=path.to_owned() query=address() first=asked.with_untracked(|query| query.cursor().is_none()) next />
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
            // What was asked meanwhile has its own answer, and who left the page waits for none.
            let Some(shown) = page.try_get_untracked() else { return };
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
