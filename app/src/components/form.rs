//! Forms: posted with or without JavaScript, their answer said in one place.

use leptos::{form::FromFormData, html, prelude::*, server_fn::ServerFn};
use serde::de::DeserializeOwned;
use shared::{Code, FieldCode};
use wasm_bindgen::JsCast;

use super::{Icon, Remaining, Star};
use crate::{
    flash::{self, Flash},
    locale::{current_locale, tr},
    problem::Failure,
    random, texts,
    visit::visit,
};

/// What became of a form: of this page's submission, or of the one before it when there was no JavaScript.
pub struct Outcome<T: Send + Sync + 'static> {
    result: Signal<Option<Result<T, Failure>>>,
    flash: StoredValue<Option<Flash>>,
}

impl<T: Send + Sync + 'static> Clone for Outcome<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Outcome<T> {}

impl<T: Clone + DeserializeOwned + Send + Sync + 'static> Outcome<T> {
    /// The outcome of an action whose server function answers as form `name`.
    pub fn of<S>(action: ServerAction<S>, name: &str) -> Self
    where
        S: ServerFn<Output = T, Error = Failure> + Clone + Send + Sync + 'static,
    {
        let flash = flash::take(name);
        let before = flash.as_ref().and_then(Flash::read::<T>);
        let value = action.value();
        let result = Signal::derive(move || value.get().or_else(|| before.clone()));
        Self { result, flash: StoredValue::new(flash) }
    }

    /// The result, when it went well.
    pub fn done(self) -> Option<T> {
        self.result.get().and_then(Result::ok)
    }

    /// The failure, when it did not.
    pub fn failure(self) -> Signal<Option<Failure>> {
        Signal::derive(move || self.result.with(|result| result.as_ref().and_then(|result| result.as_ref().err().cloned())))
    }

    /// The rule that a field broke.
    pub fn of_field(self, field: &'static str) -> Signal<Option<FieldCode>> {
        let failure = self.failure();
        Signal::derive(move || failure.with(|failure| failure.as_ref().and_then(|failure| failure.0.of_field(field))))
    }

    /// What was typed into a field before the page was loaded anew.
    pub fn value(self, field: &str) -> String {
        self.flash.with_value(|flash| flash.as_ref().map(|flash| flash.value(field)).unwrap_or_default())
    }
}

/// Where a form is posted to, and what does it when there is JavaScript: an action whose type is forgotten, so that
/// the code of forms is in the browser's download once and not once for each action.
pub struct Post {
    url: &'static str,
    submit: Box<dyn Fn(web_sys::SubmitEvent)>,
    busy: Signal<bool>,
    version: Signal<usize>,
}

impl<S> From<ServerAction<S>> for Post
where
    S: DeserializeOwned + ServerFn<Error = Failure> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    fn from(action: ServerAction<S>) -> Self {
        let submit = move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            // A second press while the first is under way is the first.
            if action.pending().get_untracked() {
                return;
            }
            match S::from_event(&event) {
                Ok(input) => _ = action.dispatch(input),
                Err(_) => action.value().set(Some(Err(Code::BadRequest.into()))),
            }
        };
        Self { url: S::url(), submit: Box::new(submit), busy: action.pending().into(), version: action.version().into() }
    }
}

/// Names, ids and labels of a form's fields, for the summary of what is wrong: fields say theirs as they are made.
#[derive(Clone, Copy)]
pub struct Labels(StoredValue<Vec<(&'static str, String, &'static str)>>);

impl Labels {
    /// A field's id and label.
    fn of(self, field: &str) -> Option<(String, &'static str)> {
        self.0.with_value(|labels| labels.iter().find(|(name, ..)| *name == field).map(|(_, id, label)| (id.clone(), *label)))
    }
}

/// Tells the form around a field where the field is, and how it is called.
pub fn label(name: &'static str, id: &str, label: &'static str) {
    if let Some(Labels(labels)) = use_context() {
        labels.update_value(|labels| labels.push((name, id.to_owned(), label)));
    }
}

/// A bare form: posted by its action, or without JavaScript by the browser.
#[component]
pub fn PostForm(
    /// Its action.
    #[prop(into)]
    action: Post,
    /// Its class.
    #[prop(optional)]
    class: &'static str,
    /// What it holds.
    children: Children,
) -> impl IntoView {
    view! {
        <form method="post" action=action.url class=class on:submit=action.submit>
            {children()}
        </form>
    }
}

/// A form with its problems above and its one button below.
#[component]
pub fn Form(
    /// Its action.
    #[prop(into)]
    action: Post,
    /// What became of it.
    failure: Signal<Option<Failure>>,
    /// The button's words.
    submit: &'static str,
    /// The button's words while it is under way.
    pending: &'static str,
    /// The button's icon.
    #[prop(optional)]
    icon: Option<&'static str>,
    /// Carries an idempotency key, so that a second press is the same request.
    #[prop(optional)]
    once: bool,
    /// The fields, if it has any.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let form = NodeRef::<html::Form>::new();
    // Drawn on both sides: the browser keeps the one that the page came with until the form is answered.
    let key = RwSignal::new(once.then(random::key));
    let Post { url, submit: send, busy, version } = action;
    let labels = Labels(StoredValue::new(Vec::new()));
    provide_context(labels);

    Effect::new(move |before: Option<usize>| {
        let version = version.get();
        if before.is_some_and(|before| before != version) {
            // Another request may follow this one: it has a key of its own. After a lost answer it is the same request still.
            let lost = failure.get_untracked().is_some_and(|failure| failure.0.code == Code::Unavailable);
            if once && !lost {
                key.set(Some(random::key()));
            }
            if failure.get_untracked().is_some()
                && let Some(form) = form.get_untracked()
            {
                // After the attributes of the fields have followed.
                request_animation_frame(move || show_problem(&form));
            }
        }
        version
    });

    view! {
        <form method="post" action=url class="form" novalidate node_ref=form on:submit=send>
            <Problems failure labels />
            {move || key.get().map(|key| view! { <input type="hidden" name="idempotency_key" value=key autocomplete="off" /> })}
            {children.map(|children| children())}
            <button type="submit" class="button primary" disabled=move || busy.get() aria-busy=move || busy.get().then_some("true")>
                {move || if busy.get() { view! { <Star turning=true /> }.into_any() } else { icon.map(|name| view! { <Icon name /> }).into_any() }}
                <span>{move || if busy.get() { pending } else { submit }}</span>
            </button>
        </form>
    }
}

/// Puts the focus where the trouble is, and takes wrong PINs out.
fn show_problem(form: &web_sys::HtmlFormElement) {
    let all = |selector: &str| form.query_selector_all(selector).ok();
    if let Some(pins) = all("input[type=password]") {
        for index in 0..pins.length() {
            if let Some(pin) = pins.item(index).and_then(|pin| pin.dyn_into::<web_sys::HtmlInputElement>().ok()) {
                pin.set_value("");
            }
        }
    }
    for selector in ["[aria-invalid=true]", ".problems"] {
        if let Ok(Some(element)) = form.query_selector(selector)
            && let Ok(element) = element.dyn_into::<web_sys::HtmlElement>()
        {
            _ = element.focus();
            return;
        }
    }
}

/// What went wrong, in a summary that screen readers speak. A pause after many tries counts down.
#[component]
pub fn Problems(
    /// What went wrong.
    failure: Signal<Option<Failure>>,
    /// The labels of the form's fields, where they stand below.
    #[prop(optional)]
    labels: Option<Labels>,
) -> impl IntoView {
    let known = move |field: &str| labels.and_then(|labels| labels.of(field));
    let inside = move || {
        failure.get().map(|Failure(problem)| {
            let several = problem.fields.len() > 1;
            // One broken rule is read beside its field, where the focus goes; here it is only spoken. What has no field that people see
            // is read here.
            let beside = matches!(problem.fields.as_slice(), [only] if known(&only.field).is_some());
            let class = if beside { "problems visually-hidden" } else { "problems" };
            let text = if several { tr!(common.errors_title).to_owned() } else { texts::problem(current_locale(), &problem) };
            let fields = several.then(|| {
                let lines = problem.fields.iter().map(|error| {
                    let broken = texts::field(current_locale(), error.code);
                    let line = match known(&error.field) {
                        Some((id, label)) => view! { <a href=format!("#{id}") rel="external">{label} ": " {broken}</a> }.into_any(),
                        None => broken.into_any(),
                    };
                    view! { <li>{line}</li> }
                });
                view! { <ul>{lines.collect_view()}</ul> }
            });
            let pause = problem.retry_at.map(|until| view! { <Pause until /> });
            view! {
                <div class=class tabindex="-1">
                    <Icon name="triangle-alert" />
                    <div>
                        <p>{text}</p>
                        {fields}
                        {pause}
                    </div>
                </div>
            }
        })
    };
    view! { <div role="alert">{inside}</div> }
}

/// How long a pause lasts still, and what helps meanwhile.
#[component]
fn Pause(until: shared::Instant) -> impl IntoView {
    let visit = visit();
    let over = Memo::new(move |_| until <= visit.now.get());
    view! {
        <p class="pause">
            <span hidden=move || over.get()>{tr!(locked.wait)} " "</span>
            <b>
                <Remaining until over=tr!(locked.open) />
            </b>
        </p>
        <p class="pause-help">{tr!(locked.help)}</p>
    }
}

/// A place where good news is said, there from the beginning so that screen readers notice.
#[component]
pub fn Said(
    /// The news.
    children: ChildrenFn,
    /// Whether there is any.
    #[prop(into)]
    when: Signal<bool>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    // On a phone, what was pressed may stand a screen below.
    Effect::new(move |_| {
        if when.get()
            && let Some(place) = place.get_untracked()
            && place.get_bounding_client_rect().top() < 0.0
        {
            place.scroll_into_view();
        }
    });
    view! {
        <div role="status" node_ref=place>
            {move || {
                when.get()
                    .then(|| {
                        view! {
                            <div class="said">
                                <Icon name="circle-check" />
                                <p>{children()}</p>
                            </div>
                        }
                    })
            }}
        </div>
    }
}
