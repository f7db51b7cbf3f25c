//! One's own account: password, authenticator, devices.

use app::components::{Day, Failed, Form, Heading, PostForm, Said, Skeleton};
use leptos::prelude::*;
use shared::api::{Session, admin::Permission};

use crate::{
    calls::staff::{AccountPage, BeginTotp, ChangePassword, ConfirmTotp, EndSession, EndTotp, get_account},
    components::{Fact, Kind, Refusal, SessionLine, Status, TextField, Tone},
    deed::{Deed, any},
    desk::{guarded, role_name},
    locale::tr,
};

/// The account's page.
#[component]
pub fn Account() -> impl IntoView {
    guarded(Permission::Work, || view! { <AccountOf /> }.into_any())
}

/// The steps of an authenticator's life.
#[derive(Clone, Copy)]
struct Totp {
    begin: Deed<BeginTotp>,
    confirm: Deed<ConfirmTotp>,
    give_up: Deed<EndTotp>,
}

#[component]
fn AccountOf() -> impl IntoView {
    let end = Deed::<EndSession>::new("session");
    // Outside of what waits: the server may draw that twice, and a flash is taken once.
    let totp = Totp { begin: Deed::new("begin-totp"), confirm: Deed::new("totp"), give_up: Deed::new("end-totp") };
    let done = any([end.times(), totp.begin.times(), totp.confirm.times(), totp.give_up.times()]);
    let account = Resource::new_blocking(move || done.get(), |_| get_account());
    view! {
        <Heading text=tr!(account.title) />
        <Transition fallback=|| view! { <Skeleton lines=2 /> }>
            {move || Suspend::new(async move {
                match account.await {
                    Ok(AccountPage { account, .. }) => {
                        view! {
                            <dl class="facts">
                                <Fact name=tr!(login.username)>
                                    <bdi>{account.member.username}</bdi>
                                </Fact>
                                <Fact name=tr!(staff.role)>{role_name(account.member.role)}</Fact>
                                <Fact name=tr!(account.since)>
                                    <Day at=account.member.created_at />
                                </Fact>
                            </dl>
                        }
                            .into_any()
                    }
                    Err(failure) => view! { <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
        <PasswordForm />
        <section class="panel" aria-labelledby="authenticator">
            <h2 id="authenticator">{tr!(account.totp_title)}</h2>
            <p class="quiet">{tr!(account.totp_text)}</p>
            <Transition fallback=|| view! { <Skeleton lines=1 /> }>
                {move || Suspend::new(async move { account.await.ok().map(|page| view! { <Authenticator page totp /> }) })}
            </Transition>
        </section>
        <section aria-labelledby="sessions">
            <h2 id="sessions">{tr!(account.sessions_title)}</h2>
            <Refusal failure=end.outcome.failure() />
            <Said when=end.said()>{tr!(account.ended)}</Said>
            <Transition fallback=|| view! { <Skeleton lines=2 /> }>
                {move || Suspend::new(async move {
                    let sessions = account.await.map(|page| page.account.sessions).unwrap_or_default();
                    let devices = sessions.into_iter().map(|session| view! { <Device session end /> }).collect_view();
                    view! { <ul class="sessions">{devices}</ul> }
                })}
            </Transition>
        </section>
    }
}

#[component]
fn PasswordForm() -> impl IntoView {
    let change = Deed::<ChangePassword>::new("password");
    let Deed { action, outcome } = change;
    view! {
        <section class="panel" aria-labelledby="password-title">
            <h2 id="password-title">{tr!(account.password_title)}</h2>
            <Said when=change.said()>{tr!(account.password_changed)}</Said>
            <Form action failure=outcome.failure() submit=tr!(account.change_password) pending=tr!(list.doing) icon="key-round">
                <TextField
                    name="old_password"
                    label=tr!(account.old_password)
                    kind=Kind::Password
                    error=outcome.of_field("old_password")
                />
                <TextField
                    name="new_password"
                    label=tr!(staff.new_password)
                    hint=tr!(staff.password_hint)
                    kind=Kind::NewPassword
                    error=outcome.of_field("new_password")
                />
            </Form>
        </section>
    }
}

/// Off, begun, on: each with the one step that follows.
#[component]
fn Authenticator(page: AccountPage, totp: Totp) -> impl IntoView {
    let Totp { begin, confirm, give_up } = totp;
    match (page.account.member.has_totp, page.qr) {
        (true, _) => view! {
            <p>
                <Status tone=Tone::Good text=tr!(account.totp_is_on) />
            </p>
            <Form action=give_up.action failure=give_up.outcome.failure() submit=tr!(account.totp_end) pending=tr!(list.doing)>
                <TextField name="password" label=tr!(account.old_password) kind=Kind::Password error=give_up.outcome.of_field("password") />
            </Form>
        }
        .into_any(),
        (false, None) => view! {
            <Form
                action=begin.action
                failure=begin.outcome.failure()
                submit=tr!(account.totp_begin)
                pending=tr!(list.doing)
                icon="smartphone"
            />
        }
        .into_any(),
        (false, Some((size, path))) => view! {
            <Scan size path secret=page.account.pending_totp.map(|setup| setup.secret).unwrap_or_default() />
            <Form
                action=confirm.action
                failure=confirm.outcome.failure()
                submit=tr!(account.totp_confirm)
                pending=tr!(list.doing)
                icon="check"
            >
                <TextField
                    name="totp"
                    label=tr!(account.totp_digits)
                    hint=tr!(account.totp_digits_hint)
                    kind=Kind::Digits
                    error=confirm.outcome.of_field("totp")
                />
            </Form>
        }
        .into_any(),
    }
}

#[component]
fn Scan(size: usize, path: String, secret: String) -> impl IntoView {
    // Four modules of quiet around it (ISO/IEC 18004, section 9.1).
    let frame = format!("-4 -4 {} {}", size + 8, size + 8);
    let groups = secret.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ");
    view! {
        <div class="scan">
            <svg class="qr" viewBox=frame role="img" aria-label=tr!(account.totp_qr)>
                <path d=path></path>
            </svg>
            <div>
                <p>{tr!(account.totp_scan)}</p>
                <p class="code" dir="ltr">
                    {groups}
                </p>
            </div>
        </div>
    }
}

#[component]
fn Device(session: Session, end: Deed<EndSession>) -> impl IntoView {
    let (id, current) = (session.id, session.current);
    let end = (!current).then(|| {
        view! {
            <PostForm action=end.action>
                <input type="hidden" name="session" value=id.to_string() />
                <button type="submit" class="button small">
                    {tr!(account.end_session)}
                </button>
            </PostForm>
        }
    });
    view! { <SessionLine session>{end}</SessionLine> }
}
