//! A batch's plain codes as they leave with their maker's ticket: as CSV, as a sheet that prints, or as PDF.

use axum::response::{IntoResponse, Response};
use dashboard::sheet::{self, LAYOUTS, Layout, Sheet};
use http::header;
use shared::{
    BatchId, Code, FieldCode, Fields,
    api::admin::{HandOut, Permission},
};
use store::{
    Origin, Staff,
    codes::{self, HandedOut},
};

use crate::{
    attachment::attachment,
    problem::Failure,
    sheet::pdf,
    spreadsheet::{self, CSV},
    state::AppState,
    system,
    web::security,
};

/// What is wanted of a batch.
pub struct Wanted {
    /// The ticket of whoever made it.
    pub ticket: String,
    /// A [`HandOut`].
    pub way: String,
    /// Cards on a page of the sheet; the middle one of the layouts where nothing is said.
    pub layout: Option<i64>,
    /// Which part of a large batch the sheet is of, from 0.
    pub part: Option<i64>,
}

/// Hands the codes out.
pub async fn hand_out(state: &AppState, staff: &Staff, id: BatchId, wanted: &Wanted, origin: &Origin) -> Result<Response, Failure> {
    // Who may not, and what is not there, is told before how it was asked for.
    staff.must(&state.store, Permission::ManageCodes, "codes.hand_out", format!("batch:{id}"), origin).await?;
    let batch = codes::batch(&state.store, staff, id).await?;
    let mut fields = Fields::default();
    let way = fields.parse::<HandOut>("way", &wanted.way);
    let chosen = |cards: i64| LAYOUTS.into_iter().find(|layout| layout.cards() == cards).ok_or(FieldCode::Range);
    let layout = fields.check("layout", wanted.layout.map_or_else(|| Ok(Layout::of(0)), chosen));
    let part = wanted.part.unwrap_or_default();
    let within = part >= 0 && part.saturating_mul(sheet::PART) < batch.count;
    let part = fields.check("part", if within { Ok(part) } else { Err(FieldCode::Range) });
    let (Some(way), Some(layout), Some(part)) = (way, layout, part) else { return Err(fields.problem().into()) };
    let numbers = match way {
        HandOut::Csv => 1..=codes::MAX_COUNT,
        HandOut::Pdf | HandOut::Page => part * sheet::PART + 1..=(part + 1) * sheet::PART,
    };
    let handed = codes::hand_out(&state.store, staff, id, &wanted.ticket, numbers, way, origin).await?;
    // Thousands of squares a page: beside the threads that answer requests.
    let state = state.clone();
    tokio::task::spawn_blocking(move || answer(&state, &handed, way, layout)).await.map_err(|_| Code::Internal)?
}

fn answer(state: &AppState, handed: &HandedOut, way: HandOut, layout: Layout) -> Result<Response, Failure> {
    let HandedOut { batch, first, codes } = handed;
    let sheet = || Sheet::new(layout, &state.store.settings().shop_name, state.store.public_url(), batch, *first, codes);
    Ok(match way {
        HandOut::Csv => attachment(CSV, &format!("khazna-{}.csv", batch.id), csv(handed)),
        HandOut::Pdf => {
            let last = first + i64::try_from(codes.len()).unwrap_or_default() - 1;
            let drawn = pdf(&sheet()).ok_or(Code::Internal)?;
            attachment("application/pdf", &format!("khazna-{}-{first}-{last}.pdf", batch.id), drawn)
        }
        HandOut::Page => {
            let nonce = system::hex(&system::random::<16>(&*state.context.rng));
            let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
            let mut response = (headers, sheet::page(&sheet(), &nonce)).into_response();
            if let Some(policy) = security::page_policy(&state.context.config, &nonce) {
                response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
            }
            response
        }
    })
}

/// `code,value,batch,expires_at,number`: the first two columns are what an import reads.
fn csv(handed: &HandedOut) -> String {
    let HandedOut { batch, first, codes } = handed;
    let (value, expires_at) = (batch.value.to_string(), batch.expires_at.map(|at| at.to_string()).unwrap_or_default());
    let mut csv = spreadsheet::BYTE_ORDER_MARK.to_owned();
    csv.push_str(&spreadsheet::line(&["code", "value", "batch", "expires_at", "number"].map(str::to_owned)));
    for (number, code) in (*first..).zip(codes) {
        let number = format!("{}-{number:04}", batch.id);
        csv.push_str(&spreadsheet::line(&[code.grouped(), value.clone(), batch.label.clone(), expires_at.clone(), number]));
    }
    csv
}
