//! The ticket of a new account: a card to keep.

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use crate::{
    api::account::{KeepTicket, Ticket},
    browser::{self, Picture},
    components::{Day, Heading, Icon, PostForm, Secret, Star},
    format,
    locale::{current_locale, tr},
    visit::visit,
};

/// Serial and PIN to copy, save and print; going on asks whether they are kept.
#[component]
pub fn AccountTicket(
    /// The account's ticket.
    ticket: Ticket,
) -> impl IntoView {
    let visit = visit();
    let action = ServerAction::<KeepTicket>::new();
    let value = action.value();
    let navigate = use_navigate();
    Effect::new(move |_| {
        if value.with(|value| matches!(value, Some(Ok(())))) {
            navigate("/activate", leptos_router::NavigateOptions::default());
        }
    });
    let saved = RwSignal::new(false);
    let Ticket { serial, pin, expires_at } = ticket;
    let (drawn_serial, drawn_pin) = (serial.clone(), pin.clone());
    let save = move |_| {
        let picture = Picture {
            brand: tr!(brand.name),
            title: tr!(start.ticket_title),
            serial: (tr!(start.serial), drawn_serial.clone()),
            pin: (tr!(start.pin), drawn_pin.clone()),
            foot: format!("{} {}", tr!(start.expires), format::date(expires_at, visit.offset.get_untracked())),
            file: tr!(start.ticket_file),
            rtl: current_locale() == shared::Locale::Ar,
        };
        saved.set(browser::save_picture(&picture));
    };
    view! {
        <Heading text=tr!(start.ticket_title) />
        <p class="lead">{tr!(start.ticket_lead)}</p>
        <div class="ticket">
            <div class="ticket-head">
                <Star />
                <span>{tr!(brand.name)}</span>
            </div>
            <div class="ticket-body">
                <Secret label=tr!(start.serial) text=serial testid="serial" />
                <Secret label=tr!(start.pin) text=pin testid="pin" />
            </div>
            <p class="ticket-foot">{tr!(start.expires)} " " <Day at=expires_at /></p>
        </div>
        <p class="actions js-only">
            <button type="button" class="button" on:click=save>
                <Icon name="image-down" />
                <span>{tr!(start.save_picture)}</span>
            </button>
            <button type="button" class="button" on:click=|_| _ = window().print()>
                <Icon name="printer" />
                <span>{tr!(start.print)}</span>
            </button>
            <span role="status" class="quiet">
                {move || saved.get().then(|| tr!(start.picture_saved))}
            </span>
        </p>
        <PostForm action class="form">
            <label class="check">
                <input type="checkbox" name="kept" value="yes" required />
                <span>{tr!(start.kept)}</span>
            </label>
            <button type="submit" class="button primary" disabled=move || action.pending().get()>
                <span>{tr!(start.go_on)}</span>
                <Icon name="arrow-left" mirror=true />
            </button>
        </PostForm>
    }
}
