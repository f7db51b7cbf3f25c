//! Files in lists, as markup: nothing on a card ever changes by itself.

use std::fmt::{self, Display, Write};

use leptos::prelude::*;
use shared::api::{FileKind, Listed};

use super::{coins::coins, icon::icon};
use crate::{
    art,
    locale::{current_locale, tr},
    markup::Text,
    texts,
};

/// A file's cover at `url`, or the one that the store draws. With a description where it is the page's subject:
/// beside a title it is decoration.
pub fn cover(kind: FileKind, title: &str, url: Option<&str>, described: bool) -> String {
    framed(kind, title, url, described).to_string()
}

fn framed(kind: FileKind, title: &str, url: Option<&str>, described: bool) -> impl Display {
    fmt::from_fn(move |f| {
        let Some(url) = url else {
            return write!(f, "<div class='art hue-{}'>{}</div>", art::hue(title), art::svg(kind, title));
        };
        let (alt, loading) = if described { (tr!(file.cover_alt, title = title), "eager") } else { (String::new(), "lazy") };
        let (url, alt) = (Text(url), Text(&alt));
        write!(f, "<img class='art' src='{url}' alt='{alt}' width='320' height='200' loading='{loading}' decoding='async'>")
    })
}

/// A file in a list: cover, title, kind and category, price.
fn card(file: &Listed) -> impl Display {
    fmt::from_fn(move |f| {
        let price = match (file.purchase_id, file.price_coins) {
            (Some(_), _) => format!("<span class='owned'>{}{}</span>", icon("check", false), tr!(catalog.owned)),
            (None, 0) => format!("<span class='free'>{}</span>", tr!(common.free)),
            (None, price) => format!("<span class='coins'>{}</span>", coins(price, false)),
        };
        write!(
            f,
            "<li><article class='card'>{cover}<div class='card-text'><h3><a href='/files/{id}'><bdi>{title}</bdi></a></h3>\
             <p class='card-about'>{kind} · <bdi>{category}</bdi></p><p class='card-price'>{price}</p></div></article></li>",
            cover = framed(file.kind, &file.title, file.cover_url.as_deref(), false),
            id = file.id,
            title = Text(&file.title),
            kind = texts::file_kind(current_locale(), file.kind),
            category = Text(&file.category_name),
        )
    })
}

/// How long a card is with a drawn cover, in bytes: room for a page of them is made once.
const CARD: usize = 4 << 10;

/// Files side by side.
#[component]
pub fn FileGrid(
    /// The files.
    files: Vec<Listed>,
) -> impl IntoView {
    let mut cards = String::with_capacity(files.len() * CARD);
    for file in &files {
        _ = write!(cards, "{}", card(file));
    }
    view! { <ul class="grid" inner_html=cards></ul> }
}

#[cfg(test)]
mod tests {
    use shared::{FileId, PurchaseId};

    use super::*;

    #[test]
    fn hostile_words_stay_words() {
        let hostile = "'\"><script>alert(1)</script>";
        let file = Listed {
            id: FileId(1),
            title: hostile.to_owned(),
            kind: FileKind::Pdf,
            category_name: hostile.to_owned(),
            cover_url: Some(hostile.to_owned()),
            price_coins: 5,
            purchase_id: Some(PurchaseId(2)),
        };
        let covers = [cover(file.kind, hostile, None, true), cover(file.kind, hostile, Some(hostile), true)];
        for shown in covers.into_iter().chain([card(&file).to_string()]) {
            assert!(!shown.contains("<script") && !shown.contains("'\""), "{shown}");
        }
    }
}
