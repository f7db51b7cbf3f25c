//! What only a browser does: the running clock, live hints, clipboard, the ticket's picture. Called from `Effect`s and handlers.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlAnchorElement, HtmlCanvasElement, HtmlElement};

/// Keeps the page's clock going and listens for live hints while somebody is signed in.
#[cfg(feature = "hydrate")]
pub fn keep_alive(visit: crate::visit::Visit) {
    use shared::{Instant, ms};

    // Floats of JavaScript hold milliseconds of many thousand years exactly.
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
    fn browser_now() -> i64 {
        js_sys::Date::now() as i64
    }

    Effect::new(move |_| {
        // The page answers from now on: what watches it from outside, a test or a style, can tell.
        if let Some(page) = document().document_element() {
            _ = page.set_attribute("data-ready", "true");
        }
        let ahead = visit.now.get_untracked().since(Instant(browser_now()));
        #[expect(clippy::cast_possible_truncation, reason = "at most fourteen hours, in minutes")]
        let behind_utc = js_sys::Date::new_0().get_timezone_offset() as i64;
        visit.offset.set(-behind_utc * ms::MINUTE);
        set_interval(move || visit.now.set(Instant(browser_now()).plus(ahead)), std::time::Duration::from_secs(1));
    });

    let serial = Memo::new(move |_| visit.viewer.with(|viewer| viewer.as_ref().map(|viewer| viewer.serial.clone())));
    Effect::new(move |_| {
        if let Some(serial) = serial.get() {
            leptos::task::spawn_local(listen(visit, serial));
        }
    });
}

/// Refetches at every event until somebody else is signed in. The event's data says nothing: it is a hint.
#[cfg(feature = "hydrate")]
async fn listen(visit: crate::visit::Visit, serial: String) {
    use futures::StreamExt;
    use gloo_net::eventsource::futures::EventSource;

    let Ok(mut source) = EventSource::new("/live") else { return };
    let Ok(mut events) = source.subscribe("message") else { return };
    while let Some(event) = events.next().await {
        let same = visit.viewer.with_untracked(|viewer| viewer.as_ref().is_some_and(|viewer| viewer.serial == serial));
        if !same {
            break;
        }
        // An error means that the line is down: the browser opens it again by itself.
        if event.is_ok() {
            visit.refresh();
        }
    }
}

/// Copies a text; where the browser does not allow it (plain http), selects it in `shown` instead and answers false.
pub async fn copy(text: String, shown: Option<HtmlElement>) -> bool {
    let clipboard = js_sys::Reflect::get(&window().navigator(), &JsValue::from_str("clipboard")).ok();
    if let Some(clipboard) = clipboard.filter(|clipboard| !clipboard.is_undefined()) {
        let written = clipboard.unchecked_into::<web_sys::Clipboard>().write_text(&text);
        if wasm_bindgen_futures::JsFuture::from(written).await.is_ok() {
            return true;
        }
    }
    if let (Some(shown), Ok(Some(selection))) = (shown, window().get_selection()) {
        _ = selection.select_all_children(&shown);
    }
    false
}

/// The words on the ticket's picture.
pub struct Picture {
    /// The store's name.
    pub brand: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Label and serial.
    pub serial: (&'static str, String),
    /// Label and PIN.
    pub pin: (&'static str, String),
    /// One line at the foot.
    pub foot: String,
    /// Name of the saved file, without ending.
    pub file: &'static str,
    /// Whether the language runs from right to left.
    pub rtl: bool,
}

/// Draws the ticket and saves it as a PNG; false where the browser can't.
pub fn save_picture(picture: &Picture) -> bool {
    draw(picture).is_ok()
}

const WIDTH: u32 = 1080;
const HEIGHT: u32 = 720;

fn draw(picture: &Picture) -> Result<(), JsValue> {
    let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
    canvas.set_width(WIDTH);
    canvas.set_height(HEIGHT);
    let context: CanvasRenderingContext2d = canvas.get_context("2d")?.ok_or(JsValue::NULL)?.unchecked_into();

    let fill = |colour: &str| context.set_fill_style_str(colour);
    fill("#fbfaf7");
    context.fill_rect(0.0, 0.0, f64::from(WIDTH), f64::from(HEIGHT));
    fill("#0f4f57");
    context.fill_rect(0.0, 0.0, f64::from(WIDTH), 150.0);
    fill("#f3efe6");
    star(&context, if picture.rtl { 980.0 } else { 100.0 }, 75.0, 44.0);
    fill("#e7ddc8");
    for place in 0..9 {
        star(&context, 60.0 + 120.0 * f64::from(place), 690.0, 14.0);
    }

    let (edge, align) = if picture.rtl { (910.0, "right") } else { (170.0, "left") };
    let side = if picture.rtl { 1000.0 } else { 80.0 };
    context.set_text_align(align);
    // A canvas has no style of its own: the language's direction must be said.
    _ = js_sys::Reflect::set(&context, &JsValue::from_str("direction"), &JsValue::from_str(if picture.rtl { "rtl" } else { "ltr" }));
    let text = |words: &str, x: f64, y: f64, font: &str, colour: &str| -> Result<(), JsValue> {
        context.set_font(font);
        context.set_fill_style_str(colour);
        context.fill_text(words, x, y)
    };
    text(picture.brand, edge, 92.0, "700 52px 'Readex Pro', sans-serif", "#fbfaf7")?;
    text(picture.title, side, 232.0, "500 36px 'Readex Pro', sans-serif", "#173033")?;
    for (row, (label, value)) in [(0.0, &picture.serial), (1.0, &picture.pin)] {
        text(label, side, 310.0 + 160.0 * row, "400 30px 'Readex Pro', sans-serif", "#5b6a6c")?;
        text(&format!("\u{2066}{value}\u{2069}"), side, 378.0 + 160.0 * row, "700 58px 'Readex Pro', monospace", "#12272a")?;
    }
    text(&picture.foot, side, 622.0, "400 26px 'Readex Pro', sans-serif", "#5b6a6c")?;

    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&canvas.to_data_url()?);
    link.set_download(&format!("{}.png", picture.file));
    link.click();
    Ok(())
}

/// Writes into the input with this id, if there is one.
pub fn fill(id: &str, text: &str) {
    if let Some(Ok(input)) = document().get_element_by_id(id).map(JsCast::dyn_into::<web_sys::HtmlInputElement>) {
        input.set_value(text);
    }
}

/// Fills an eight-pointed star.
fn star(context: &CanvasRenderingContext2d, x: f64, y: f64, radius: f64) {
    context.begin_path();
    for point in 0..16_u32 {
        let length = if point % 2 == 0 { radius } else { radius * 0.7654 };
        let direction = std::f64::consts::TAU / 16.0 * f64::from(point);
        context.line_to(x + length * direction.cos(), y + length * direction.sin());
    }
    context.close_path();
    context.fill();
}
