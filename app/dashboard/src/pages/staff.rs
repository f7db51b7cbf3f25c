//! The shop's own people.

use app::components::{Ago, Day, Failed, Form, Heading, Remaining, Said, Skeleton};
use leptos::prelude::*;
use shared::api::{
    Role,
    admin::{Member, Permission},
};

use crate::{
    calls::staff::{Hire, ResetPassword, ResetTotp, SetAccess, SetRole, UnlockMember, get_members},
    components::{Ask, Choice, Kind, Refusal, Status, TextField, Tone},
    deed::{Deed, any, either},
    desk::{desk, guarded, role_name},
    locale::tr,
};

/// The members' page.
#[component]
pub fn Staff() -> impl IntoView {
    guarded(Permission::ManageStaff, || view! { <Members /> }.into_any())
}

/// What an owner does to a member; their outcomes are told in one place.
#[derive(Clone, Copy)]
struct Deeds {
    role: Deed<SetRole>,
    access: Deed<SetAccess>,
    password: Deed<ResetPassword>,
    totp: Deed<ResetTotp>,
    unlock: Deed<UnlockMember>,
}

#[component]
fn Members() -> impl IntoView {
    let hire = Deed::<Hire>::new("hire");
    let hired = hire.outcome;
    // Without JavaScript all five answer as form `member`: the first that asks takes it.
    let deeds = Deeds {
        role: Deed::new("member"),
        access: Deed::new("member"),
        password: Deed::new("member"),
        totp: Deed::new("member"),
        unlock: Deed::new("member"),
    };
    let Deeds { role, access, password, totp, unlock } = deeds;
    let done = any([hire.times(), role.times(), access.times(), password.times(), totp.times(), unlock.times()]);
    let members = Resource::new_blocking(move || done.get(), |_| get_members());
    view! {
        <Heading text=tr!(staff.title) />
        <p class="lead">{tr!(staff.lead)}</p>
        <Refusal failure=role.outcome.failure() />
        <Refusal failure=access.outcome.failure() />
        <Refusal failure=password.outcome.failure() />
        <Refusal failure=totp.outcome.failure() />
        <Refusal failure=unlock.outcome.failure() />
        <Said when=either([role.said(), access.said(), password.said(), totp.said(), unlock.said()])>{tr!(staff.changed)}</Said>
        <Transition fallback=|| view! { <Skeleton lines=3 /> }>
            {move || Suspend::new(async move {
                match members.await {
                    Ok(members) => view! { <Table members deeds /> }.into_any(),
                    Err(failure) => view! { <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
        <section class="panel" aria-labelledby="hire">
            <h2 id="hire">{tr!(staff.add)}</h2>
            <Said when=hire.said()>{tr!(staff.added)}</Said>
            <Form action=hire.action failure=hired.failure() submit=tr!(staff.add) pending=tr!(staff.adding) icon="user-plus">
                <TextField
                    name="username"
                    label=tr!(login.username)
                    hint=tr!(staff.username_hint)
                    kind=Kind::Code
                    value=hired.value("username")
                    error=hired.of_field("username")
                />
                <TextField
                    name="new_password"
                    label=tr!(login.password)
                    hint=tr!(staff.password_hint)
                    kind=Kind::NewPassword
                    error=hired.of_field("new_password")
                />
                <Choice
                    name="role"
                    label=tr!(staff.role)
                    options=roles()
                    value=Some(hired.value("role")).filter(|role| !role.is_empty()).unwrap_or_else(|| Role::Support.as_str().to_owned())
                    error=hired.of_field("role")
                />
            </Form>
        </section>
    }
}

fn roles() -> Vec<(String, String)> {
    [
        (Role::Owner, tr!(role.owner), tr!(role.owner_may)),
        (Role::Manager, tr!(role.manager), tr!(role.manager_may)),
        (Role::Support, tr!(role.support), tr!(role.support_may)),
    ]
    .map(|(role, name, may)| (role.as_str().to_owned(), format!("{name}: {may}")))
    .to_vec()
}

#[component]
fn Table(members: Vec<Member>, deeds: Deeds) -> impl IntoView {
    view! {
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">{tr!(login.username)}</th>
                    <th scope="col">{tr!(staff.role)}</th>
                    <th scope="col">{tr!(staff.access)}</th>
                    <th scope="col">{tr!(staff.totp)}</th>
                    <th scope="col">{tr!(staff.seen)}</th>
                    <th scope="col">{tr!(list.actions)}</th>
                </tr>
            </thead>
            <tbody>{members.into_iter().map(|member| view! { <Row member deeds /> }).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn Row(member: Member, deeds: Deeds) -> impl IntoView {
    let me = desk().colleague.with_untracked(|colleague| colleague.as_ref().is_some_and(|colleague| colleague.username == member.username));
    let id = member.id;
    let works = member.disabled_at.is_none();
    let hidden_id = move || view! { <input type="hidden" name="id" value=id.to_string() /> };
    let none = || Signal::stored(None);
    let access = if works {
        view! {
            <Ask label=tr!(staff.disable) icon="lock" grave=true>
                <p>{tr!(staff.disable_ask)}</p>
                <Form action=deeds.access.action failure=none() submit=tr!(staff.disable) pending=tr!(list.doing)>
                    {hidden_id()}
                    <input type="hidden" name="access" value="false" />
                </Form>
            </Ask>
        }
        .into_any()
    } else {
        view! {
            <Ask label=tr!(staff.enable) icon="lock-open">
                <p>{tr!(staff.enable_ask)}</p>
                <Form action=deeds.access.action failure=none() submit=tr!(staff.enable) pending=tr!(list.doing)>
                    {hidden_id()}
                    <input type="hidden" name="access" value="true" />
                </Form>
            </Ask>
        }
        .into_any()
    };
    let totp = member.has_totp.then(|| {
        view! {
            <Ask label=tr!(staff.reset_totp) icon="smartphone" grave=true>
                <p>{tr!(staff.reset_totp_ask)}</p>
                <Form action=deeds.totp.action failure=none() submit=tr!(staff.reset_totp) pending=tr!(list.doing)>
                    {hidden_id()}
                </Form>
            </Ask>
        }
    });
    let unlock = member.locked_until.map(|_| {
        view! {
            <Ask label=tr!(staff.unlock) icon="lock-open">
                <p>{tr!(staff.unlock_ask)}</p>
                <Form action=deeds.unlock.action failure=none() submit=tr!(staff.unlock) pending=tr!(list.doing)>
                    {hidden_id()}
                </Form>
            </Ask>
        }
    });
    view! {
        <tr>
            <th scope="row">
                <bdi>{member.username.clone()}</bdi>
                {me.then(|| view! { <span class="tag">{tr!(staff.you)}</span> })}
            </th>
            <td data-label=tr!(staff.role)>{role_name(member.role)}</td>
            <td data-label=tr!(staff.access)>
                <div>
                    {if works {
                        view! { <Status tone=Tone::Good text=tr!(staff.works) /> }.into_any()
                    } else {
                        view! {
                            <Status tone=Tone::Bad text=tr!(staff.disabled) />
                            {member.disabled_at.map(|at| view! { <span class="quiet"><Day at /></span> })}
                        }.into_any()
                    }}
                    {member.locked_until.map(|until| view! {
                        <Status tone=Tone::Bad text=tr!(staff.locked) />
                        <span class="quiet">
                            {tr!(people.locked_for)} " " <Remaining until over=tr!(people.locked_over) />
                        </span>
                    })}
                </div>
            </td>
            <td data-label=tr!(staff.totp)>
                {if member.has_totp {
                    view! { <Status tone=Tone::Good text=tr!(staff.totp_on) /> }
                } else {
                    view! { <Status tone=Tone::Plain text=tr!(staff.totp_off) /> }
                }}
            </td>
            <td data-label=tr!(staff.seen)>
                {match member.last_seen_at {
                    Some(at) => view! { <Ago at /> }.into_any(),
                    None => tr!(staff.never).into_any(),
                }}
            </td>
            <td class="row-actions">
                <Ask label=tr!(staff.change_role) icon="shield">
                    <Form action=deeds.role.action failure=none() submit=tr!(staff.change_role) pending=tr!(list.doing)>
                        {hidden_id()}
                        <Choice name="role" id=format!("role-{id}") label=tr!(staff.role) options=roles() value=member.role.as_str() />
                    </Form>
                </Ask>
                <Ask label=tr!(staff.reset_password) icon="key-round">
                    <p>{tr!(staff.reset_password_ask)}</p>
                    <Form action=deeds.password.action failure=none() submit=tr!(staff.reset_password) pending=tr!(list.doing)>
                        {hidden_id()}
                        <TextField
                            name="new_password"
                            id=format!("password-{id}")
                            label=tr!(staff.new_password)
                            kind=Kind::NewPassword
                            error=Signal::stored(None)
                        />
                    </Form>
                </Ask>
                {unlock}
                {totp}
                {access}
            </td>
        </tr>
    }
}
