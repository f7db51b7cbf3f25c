//! The account: who it is, its PIN, its devices.

use leptos::prelude::*;
use shared::api::{Account, Session};

use super::private;
use crate::{
    api::account::{ChangePin, EndSession, get_profile},
    components::{Ago, Day, Failed, Field, Form, Heading, Icon, Input, Outcome, PostForm, Problems, Said, Secret, Skeleton},
    locale::tr,
    visit::visit,
};

/// The account's page.
#[component]
pub fn Profile() -> impl IntoView {
    private(|| view! { <ProfileOf /> }.into_any())
}

#[component]
fn ProfileOf() -> impl IntoView {
    let visit = visit();
    let end = ServerAction::<EndSession>::new();
    let ended = Outcome::of(end, "session");
    let version = end.version();
    let profile = Resource::new_blocking(move || (visit.changes.get(), version.get()), |_| get_profile());
    view! {
        <div class="narrow section">
            <Heading text=tr!(profile.title) />
            <Transition fallback=|| view! { <Skeleton lines=3 /> }>
                {move || Suspend::new(async move {
                    match profile.await {
                        Ok(profile) => view! { <Identity account=profile.account /> }.into_any(),
                        Err(failure) => view! { <Failed failure /> }.into_any(),
                    }
                })}
            </Transition>
            <PinForm />
            <section aria-labelledby="sessions">
                <h2 id="sessions">{tr!(profile.sessions_title)}</h2>
                <p class="quiet">{tr!(profile.sessions_text)}</p>
                <Problems failure=ended.failure() />
                <Said when=Signal::derive(move || ended.done().is_some())>{tr!(profile.ended)}</Said>
                <Transition fallback=|| view! { <Skeleton lines=2 /> }>
                    {move || Suspend::new(async move {
                        let sessions = profile.await.map(|profile| profile.sessions).unwrap_or_default();
                        let devices = sessions.into_iter().map(|session| view! { <Device session end /> }).collect_view();
                        view! { <ul class="sessions">{devices}</ul> }
                    })}
                </Transition>
            </section>
            <form method="post" action="/sign-out" class="sign-out">
                <button type="submit" class="button">
                    <Icon name="log-out" mirror=true />
                    {tr!(nav.sign_out)}
                </button>
            </form>
        </div>
    }
}

#[component]
fn Identity(account: Account) -> impl IntoView {
    let temporary = (!account.is_activated).then(|| {
        view! {
            <div class="note">
                <p>
                    <b>{tr!(profile.temporary_title)}</b>
                    " "
                    {account.expires_at.map(|at| view! { {tr!(profile.temporary_text)} " " <Day at /> })}
                </p>
                <a class="button primary" href="/activate">
                    {tr!(profile.activate)}
                </a>
            </div>
        }
    });
    let row = |label: &'static str, text: String| {
        view! {
            <div>
                <dt>{label}</dt>
                <dd>
                    <bdi>{text}</bdi>
                </dd>
            </div>
        }
    };
    view! {
        {temporary}
        <dl class="facts">
            <div>
                <dt>{tr!(profile.serial)}</dt>
                <dd>
                    <Secret label=tr!(profile.serial) text=account.serial testid="serial" hidden=true />
                </dd>
            </div>
            {account.name.map(|name| row(tr!(profile.name), name))}
            {account.phone.map(|phone| row(tr!(profile.phone), format!("\u{2066}{phone}\u{2069}")))}
            <div>
                <dt>{tr!(profile.since)}</dt>
                <dd>
                    <Day at=account.created_at />
                </dd>
            </div>
        </dl>
    }
}

#[component]
fn PinForm() -> impl IntoView {
    let action = ServerAction::<ChangePin>::new();
    let outcome = Outcome::of(action, "pin");
    view! {
        <section aria-labelledby="pin">
            <h2 id="pin">{tr!(profile.pin_title)}</h2>
            <Said when=Signal::derive(move || outcome.done().is_some())>{tr!(profile.pin_changed)}</Said>
            <Form action failure=outcome.failure() submit=tr!(profile.change_pin) pending=tr!(profile.changing) icon="key-round">
                <Field name="old_pin" label=tr!(profile.old_pin) input=Input::Pin error=outcome.of_field("old_pin") />
                <Field
                    name="new_pin"
                    label=tr!(profile.new_pin)
                    hint=tr!(profile.new_pin_hint)
                    input=Input::NewPin
                    error=outcome.of_field("new_pin")
                />
            </Form>
        </section>
    }
}

#[component]
fn Device(session: Session, end: ServerAction<EndSession>) -> impl IntoView {
    let name = device(&session.user_agent);
    let spoken = format!(" {name}");
    let action = if session.current {
        view! { <span class="tag">{tr!(profile.this_device)}</span> }.into_any()
    } else {
        view! {
            <PostForm action=end>
                <input type="hidden" name="session" value=session.id.to_string() />
                <button type="submit" class="button quiet small">
                    {tr!(profile.end)}
                    <span class="visually-hidden">{spoken}</span>
                </button>
            </PostForm>
        }
        .into_any()
    };
    view! {
        <li>
            <Icon name="smartphone" />
            <div>
                <p>
                    <bdi>{name}</bdi>
                </p>
                <p class="quiet">
                    <bdi dir="ltr">{session.ip}</bdi>
                    " · "
                    {tr!(profile.seen)}
                    " "
                    <Ago at=session.last_seen_at />
                </p>
            </div>
            {action}
        </li>
    }
}

/// Browser and system by name, from what the browser says of itself: enough to tell one's own devices apart.
fn device(user_agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name);
    // The order matters: each browser also claims to be those after it.
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("CriOS", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => tr!(profile.unknown_device).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::device;

    #[test]
    fn names_devices() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36 Edg/141.0";
        assert_eq!(device(edge), "Edge · Windows");
        assert_eq!(device("Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0"), "Firefox · Android");
        assert_eq!(device(""), "جهاز غير معروف");
    }
}
