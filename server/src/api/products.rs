//! The catalog.

use axum::{
    Json as Answer,
    extract::{OriginalUri, State},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Uri, header};
use shared::{
    CategoryId, FieldCode, Fields, FileId,
    api::{Category, File, FileKind, FileSort, Page},
};
use store::{Store, catalog};

use super::{
    extract::{Id, MaybeSignedIn, Query},
    wallet::fields_hold,
};
use crate::problem::{Failure, Problems};

/// Files on a page.
const PER_PAGE: i64 = 24;
const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

/// Published files: all, or those that are searched for.
#[utoipa::path(get, path = "/api/v1/products/files/", tag = "products",
    params(
        ("q" = Option<String>, Query, description = "Words of the title, category or description; spelling variants of Arabic make no difference."),
        ("category" = Option<i64>, Query, description = "Only this category."),
        ("kind" = Option<FileKind>, Query, description = "Only this kind."),
        ("sort" = Option<FileSort>, Query, description = "`newest` when left out."),
        ("page" = Option<i64>, Query, description = "From 1."),
        ("per_page" = Option<i64>, Query, description = "1 to 100; 24 when left out."),
    ),
    responses(
        (status = 200, description = "A page of files.", body = Vec<File>, headers(
            ("X-Total-Count" = i64, description = "Files on all pages."),
            ("Link" = String, description = "RFC 8288: `first`, `prev`, `next`, `last`."),
        )),
        Problems,
    ),
)]
pub async fn files(
    State(store): State<Store>,
    MaybeSignedIn(viewer): MaybeSignedIn,
    OriginalUri(uri): OriginalUri,
    query: Query,
) -> Result<Response, Failure> {
    let mut fields = Fields::default();
    let category = query.number(&mut fields, "category", 1..=i64::MAX);
    let kind = query.get::<FileKind>(&mut fields, "kind");
    let sort = query.get::<FileSort>(&mut fields, "sort");
    let page = query.number(&mut fields, "page", 1..=100_000);
    let per_page = query.number(&mut fields, "per_page", 1..=100);
    let text = fields.check("q", if query.text("q").chars().count() <= 200 { Ok(query.text("q")) } else { Err(FieldCode::TooLong) });
    fields_hold(fields)?;
    let wanted = catalog::Query {
        text: text.unwrap_or_default().to_owned(),
        category: category.map(CategoryId),
        kind,
        sort: sort.unwrap_or(FileSort::Newest),
        page: page.unwrap_or(1),
        per_page: per_page.unwrap_or(PER_PAGE),
    };
    let found = catalog::search(&store, &wanted, viewer.map(|viewer| viewer.id)).await?;
    let links = links(&uri, store.public_url(), &found);
    let total = HeaderValue::from(found.total);
    let mut response = Answer(found.items).into_response();
    response.headers_mut().insert(TOTAL_COUNT, total);
    if let Ok(links) = HeaderValue::try_from(links) {
        response.headers_mut().insert(header::LINK, links);
    }
    Ok(response)
}

/// The `Link` header of a page (RFC 8288): the same query with other page numbers.
fn links<T>(uri: &Uri, public_url: &str, page: &Page<T>) -> String {
    let others: Vec<&str> =
        uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("page=")).collect();
    let last = page.pages();
    let mut wanted = vec![("first", 1)];
    if page.page > 1 {
        wanted.push(("prev", (page.page - 1).min(last)));
    }
    if page.page < last {
        wanted.push(("next", page.page + 1));
    }
    wanted.push(("last", last));
    let link = |(relation, number): (&str, i64)| {
        let query = others.iter().map(|pair| (*pair).to_owned()).chain([format!("page={number}")]).collect::<Vec<_>>().join("&");
        format!("<{public_url}{}?{query}>; rel=\"{relation}\"", uri.path())
    };
    wanted.into_iter().map(link).collect::<Vec<_>>().join(", ")
}

/// One file.
#[utoipa::path(get, path = "/api/v1/products/files/{id}/", tag = "products", params(("id" = i64, Path, description = "The file.")), responses(
    (status = 200, description = "The file.", body = File),
    Problems,
))]
pub async fn file(State(store): State<Store>, MaybeSignedIn(viewer): MaybeSignedIn, Id(file): Id<FileId>) -> Result<Answer<File>, Failure> {
    Ok(Answer(catalog::get(&store, file, viewer.map(|viewer| viewer.id)).await?))
}

/// All categories, in the shop's order.
#[utoipa::path(get, path = "/api/v1/products/categories/", tag = "products", responses(
    (status = 200, description = "The categories.", body = Vec<Category>),
    Problems,
))]
pub async fn categories(State(store): State<Store>) -> Result<Answer<Vec<Category>>, Failure> {
    Ok(Answer(catalog::categories(&store).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_linked() {
        let page = |page, total| Page::<()> { items: Vec::new(), total, page, per_page: 10 };
        let uri: Uri = "/api/v1/products/files/?q=%D8%A3&page=2".parse().unwrap();
        let url = "https://shop.example/api/v1/products/files/?q=%D8%A3&page=";
        assert_eq!(
            links(&uri, "https://shop.example", &page(2, 35)),
            format!("<{url}1>; rel=\"first\", <{url}1>; rel=\"prev\", <{url}3>; rel=\"next\", <{url}4>; rel=\"last\"")
        );
        assert_eq!(links(&uri, "https://shop.example", &page(1, 0)), format!("<{url}1>; rel=\"first\", <{url}1>; rel=\"last\""));
        assert!(links(&uri, "https://shop.example", &page(99, 35)).contains(&format!("<{url}4>; rel=\"prev\"")));
    }
}
