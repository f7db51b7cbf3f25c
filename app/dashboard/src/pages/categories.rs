//! The shop's categories, in the order of its shelves.

use app::components::{Empty, Failed, Form, Heading, Icon, Number, PostForm, Said, Skeleton};
use leptos::prelude::*;
use shared::api::admin::{Permission, Shelf};

use super::files::Back;
use crate::{
    calls::files::{CreateCategory, DeleteCategory, PlaceCategory, RenameCategory, get_categories},
    components::{Ask, Refusal, TextField},
    deed::{Deed, any, either},
    desk::guarded,
    locale::tr,
};

/// The categories' page.
#[component]
pub fn Categories() -> impl IntoView {
    guarded(Permission::ManageFiles, || view! { <Shelves /> }.into_any())
}

/// What is done to a category.
#[derive(Clone, Copy)]
struct Deeds {
    rename: Deed<RenameCategory>,
    place: Deed<PlaceCategory>,
    delete: Deed<DeleteCategory>,
}

#[component]
fn Shelves() -> impl IntoView {
    let create = Deed::<CreateCategory>::new("create-category");
    let created = create.outcome;
    // Without JavaScript all three answer as form `category`: the first that asks takes it.
    let deeds = Deeds { rename: Deed::new("category"), place: Deed::new("category"), delete: Deed::new("category") };
    let done = any([create.times(), deeds.rename.times(), deeds.place.times(), deeds.delete.times()]);
    let categories = Resource::new_blocking(move || done.get(), |_| get_categories());
    view! {
        <Back />
        <Heading text=tr!(files.categories) />
        <p class="lead">{tr!(files.categories_lead)}</p>
        <Refusal failure=deeds.rename.outcome.failure() />
        <Refusal failure=deeds.place.outcome.failure() />
        <Refusal failure=deeds.delete.outcome.failure() />
        <Said when=either([deeds.rename.said(), deeds.delete.said()])>{tr!(files.saved)}</Said>
        <Transition fallback=|| view! { <Skeleton lines=4 /> }>
            {move || Suspend::new(async move {
                match categories.await {
                    Ok(categories) if categories.is_empty() => {
                        view! { <Empty title=tr!(files.no_categories) text=tr!(files.no_categories_text) /> }.into_any()
                    }
                    Ok(categories) => {
                        let last = categories.len().saturating_sub(1);
                        let rows = (0..).zip(categories).map(|(place, shelf)| view! { <Row shelf place last deeds /> });
                        view! { <ol class="shelves">{rows.collect_view()}</ol> }.into_any()
                    }
                    Err(failure) => view! { <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
        <section class="panel" aria-labelledby="new-category">
            <h2 id="new-category">{tr!(files.new_category)}</h2>
            <Said when=create.said()>{tr!(files.category_made)}</Said>
            <Form action=create.action failure=created.failure() submit=tr!(files.create_category) pending=tr!(list.doing) icon="plus">
                <TextField name="name" label=tr!(files.category_name) value=created.value("name") error=created.of_field("name") />
            </Form>
        </section>
    }
}

#[component]
fn Row(shelf: Shelf, place: usize, last: usize, deeds: Deeds) -> impl IntoView {
    let id = shelf.id;
    let step = move |to: Option<usize>, icon: &'static str, label: String| {
        let off = to.is_none();
        view! {
            <PostForm action=deeds.place.action>
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="position" value=to.unwrap_or_default().to_string() />
                <button type="submit" class="button small" disabled=off aria-label=label.clone() title=label>
                    <Icon name=icon />
                </button>
            </PostForm>
        }
    };
    let (up, down) = (tr!(files.up, name = shelf.name.as_str()), tr!(files.down, name = shelf.name.as_str()));
    let delete = shelf.empty.then(|| {
        view! {
            <Ask label=tr!(files.delete) icon="trash-2" grave=true>
                <p>{tr!(files.delete_ask)}</p>
                <Form action=deeds.delete.action failure=Signal::stored(None) submit=tr!(files.delete) pending=tr!(list.doing)>
                    <input type="hidden" name="id" value=id.to_string() />
                </Form>
            </Ask>
        }
    });
    view! {
        <li class="shelf">
            <p class="shelf-name">
                <bdi>{shelf.name.clone()}</bdi>
                <a class="quiet" href=format!("/admin/files?category={id}")>
                    {tr!(files.in_category)} ": " <Number value=shelf.files_count />
                </a>
            </p>
            <div class="row-actions">
                {step(place.checked_sub(1), "arrow-up", up)}
                {step((place < last).then_some(place + 1), "arrow-down", down)}
                <Ask label=tr!(files.rename) icon="pencil">
                    <Form action=deeds.rename.action failure=Signal::stored(None) submit=tr!(files.save) pending=tr!(list.doing)>
                        <input type="hidden" name="id" value=id.to_string() />
                        <TextField
                            name="name"
                            id=format!("name-{id}")
                            label=tr!(files.category_name)
                            value=shelf.name
                            error=Signal::stored(None)
                        />
                    </Form>
                </Ask>
                {delete}
            </div>
        </li>
    }
}
