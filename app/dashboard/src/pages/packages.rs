//! Subscription packages: what is offered, what runs, and a form for another one.

use app::{
    Failure,
    components::{Coins, Empty, Failed, Form, Heading, Number, Problems, Said, Skeleton},
    format::Count,
};
use leptos::prelude::*;
use shared::{
    CategoryId, FieldCode,
    api::{
        Category,
        admin::{OfferedPackage, Permission},
    },
};

use crate::{
    calls::packages::{EditPackage, OfferPackage, PackagesPage, PublishPackage, get_packages},
    components::{Ask, Fact, Kind, Refusal, Status, TextField, Tone},
    deed::{Deed, any, either},
    desk::guarded,
    locale::tr,
};

/// The packages' page.
#[component]
pub fn Packages() -> impl IntoView {
    guarded(Permission::ManagePackages, || view! { <PackagesOf /> }.into_any())
}

#[component]
fn PackagesOf() -> impl IntoView {
    let offer = Deed::<OfferPackage>::new("offer-package");
    let offered = offer.outcome;
    // Without JavaScript both answer as form `package`: the first that asks takes it.
    let (edit, publish) = (Deed::<EditPackage>::new("package"), Deed::<PublishPackage>::new("package"));
    // What was wrong stands in the form that is open; without JavaScript, where none is open any more, above all.
    let version = edit.action.version();
    let failure = edit.outcome.failure();
    let before = Signal::derive(move || failure.get().filter(|_| version.get() == 0));
    let inside = Signal::derive(move || failure.get().filter(|_| version.get() > 0));
    let saved = any([offer.times(), edit.times(), publish.times()]);
    let page = Resource::new_blocking(move || saved.get(), |_| get_packages());
    let typed = Fields {
        name: offered.value("name"),
        description: offered.value("description"),
        price: offered.value("price_coins"),
        days: offered.value("days"),
        files: offered.value("files"),
        categories: Vec::new(),
    };
    let typed = StoredValue::new(typed);
    view! {
        <Heading text=tr!(figures.packages_title) />
        <p class="lead">{tr!(figures.packages_lead)}</p>
        <Problems failure=before />
        <Refusal failure=publish.outcome.failure() />
        <Said when=either([edit.said(), publish.said()])>{tr!(figures.package_changed)}</Said>
        <Said when=offer.said()>{tr!(figures.package_added)}</Said>
        <Transition fallback=|| view! { <Skeleton lines=3 of="cards" /> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(PackagesPage { packages, categories }) => {
                        let empty = packages
                            .is_empty()
                            .then(|| view! { <Empty title=tr!(figures.packages_empty_title) text=tr!(figures.packages_empty_text) /> });
                        let (known, choices) = (categories.clone(), categories);
                        let cards = packages
                            .into_iter()
                            .map(|package| view! { <Card package categories=known.clone() edit publish failure=inside /> })
                            .collect_view();
                        view! {
                            {empty}
                            <div class="offers">{cards}</div>
                            <section class="panel" aria-labelledby="offer">
                                <h2 id="offer">{tr!(figures.package_new)}</h2>
                                <Form
                                    action=offer.action
                                    failure=offered.failure()
                                    submit=tr!(figures.package_offer)
                                    pending=tr!(list.doing)
                                    icon="plus"
                                >
                                    <PackageFields of=String::new() fields=typed.get_value() choices failure=offered.failure() />
                                </Form>
                            </section>
                        }
                            .into_any()
                    }
                    Err(failure) => view! { <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
    }
}

/// What stands in a package's form.
#[derive(Clone)]
struct Fields {
    name: String,
    description: String,
    price: String,
    days: String,
    files: String,
    categories: Vec<CategoryId>,
}

#[component]
fn PackageFields(of: String, fields: Fields, choices: Vec<Category>, failure: Signal<Option<Failure>>) -> impl IntoView {
    let error = move |field: &'static str| -> Signal<Option<FieldCode>> {
        Signal::derive(move || failure.with(|failure| failure.as_ref().and_then(|failure| failure.0.of_field(field))))
    };
    let id = |name: &str| format!("{name}{of}");
    let boxes = choices.into_iter().map(|category| {
        let chosen = fields.categories.contains(&category.id);
        view! {
            <label class="check">
                <input type="checkbox" name="categories[]" value=category.id.to_string() checked=chosen />
                <span dir="auto">{category.name}</span>
            </label>
        }
    });
    view! {
        <TextField name="name" id=id("name") label=tr!(figures.package_name) value=fields.name error=error("name") />
        <TextField
            name="description"
            id=id("description")
            label=tr!(figures.package_description)
            value=fields.description
            optional=true
            error=error("description")
        />
        <div class="in-a-row">
            <TextField
                name="price_coins"
                id=id("price_coins")
                label=tr!(figures.package_price)
                kind=Kind::Number
                value=fields.price
                error=error("price_coins")
            />
            <TextField name="days" id=id("days") label=tr!(figures.package_days) kind=Kind::Number value=fields.days error=error("days") />
            <TextField name="files" id=id("files") label=tr!(figures.package_files) kind=Kind::Number value=fields.files error=error("files") />
        </div>
        <fieldset class="checks">
            <legend>{tr!(figures.package_categories)}</legend>
            <p class="hint">{tr!(figures.package_categories_hint)}</p>
            {boxes.collect_view()}
        </fieldset>
    }
}

#[component]
fn Card(
    package: OfferedPackage,
    categories: Vec<Category>,
    edit: Deed<EditPackage>,
    publish: Deed<PublishPackage>,
    failure: Signal<Option<Failure>>,
) -> impl IntoView {
    let heading = format!("package-{}", package.id);
    let named = heading.clone();
    let (id, published) = (package.id, package.published);
    let covered = if package.categories.is_empty() {
        tr!(figures.all_categories).to_owned()
    } else {
        let names = categories.iter().filter(|category| package.categories.contains(&category.id)).map(|category| category.name.clone());
        names.collect::<Vec<_>>().join(" · ")
    };
    let running = tr!(figures.subscriptions, count = Count(package.running));
    let fields = Fields {
        name: package.name.clone(),
        description: package.description.clone(),
        price: package.price_coins.to_string(),
        days: package.days.to_string(),
        files: package.files.to_string(),
        categories: package.categories.clone(),
    };
    let (label, icon, ask) = if published {
        (tr!(figures.withdraw), "pause", tr!(figures.withdraw_ask))
    } else {
        (tr!(figures.publish), "play", tr!(figures.publish_ask))
    };
    view! {
        <article class="panel offer" aria-labelledby=named>
            <header>
                <h2 id=heading dir="auto">
                    {package.name}
                </h2>
                {if published {
                    view! { <Status tone=Tone::Good text=tr!(figures.published) /> }
                } else {
                    view! { <Status tone=Tone::Plain text=tr!(figures.withdrawn) /> }
                }}
            </header>
            <p dir="auto">{package.description}</p>
            <dl class="facts inline">
                <Fact name=tr!(figures.package_price)>
                    <Coins amount=package.price_coins />
                </Fact>
                <Fact name=tr!(figures.package_days)>
                    <Number value=package.days />
                </Fact>
                <Fact name=tr!(figures.package_files)>
                    <Number value=package.files />
                </Fact>
                <Fact name=tr!(figures.package_covers)>
                    <bdi>{covered}</bdi>
                </Fact>
                <Fact name=tr!(figures.package_running)>{running}</Fact>
                <Fact name=tr!(figures.package_earned)>
                    <Coins amount=package.earned />
                </Fact>
            </dl>
            <div class="row-actions">
                <Ask label=tr!(figures.package_edit) icon="pencil">
                    <p>{tr!(figures.package_edit_ask)}</p>
                    <Form action=edit.action failure submit=tr!(figures.save) pending=tr!(list.doing) icon="check">
                        <input type="hidden" name="id" value=id.to_string() />
                        <PackageFields of=format!("-{id}") fields choices=categories failure=Signal::stored(None) />
                    </Form>
                </Ask>
                <Ask label icon grave=published>
                    <p>{ask}</p>
                    <Form action=publish.action failure=Signal::stored(None) submit=label pending=tr!(list.doing)>
                        <input type="hidden" name="id" value=id.to_string() />
                        <input type="hidden" name="published" value=(!published).to_string() />
                    </Form>
                </Ask>
            </div>
        </article>
    }
}
