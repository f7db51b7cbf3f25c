//! The printed sheet of recharge codes: A4 (210 by 297 mm), cards in columns and rows, marks to cut along. In Arabic, whoever prints it:
//! its readers are customers.
//!
//! [`page`] is the sheet as a page that the browser prints; the server draws the same cards as PDF.

/// How many codes one sheet holds at most: larger batches are printed in parts.
pub const PART: i64 = 1_000;

/// A rectangle of the page, in millimetres from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Where its left edge is.
    pub left: f32,
    /// Where its upper edge is.
    pub top: f32,
    /// From side to side.
    pub width: f32,
    /// From top to bottom.
    pub height: f32,
}

impl Area {
    /// Where its right edge is.
    pub fn right(self) -> f32 {
        self.left + self.width
    }

    /// Where its lower edge is.
    pub fn bottom(self) -> f32 {
        self.top + self.height
    }
}

/// How cards stand on a page. Lengths in millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// Cards side by side.
    pub columns: u8,
    /// Cards one above the other.
    pub rows: u8,
    /// Side of a card's QR code, with its quiet zone.
    pub qr: f32,
    /// Space between a card's edge and what it holds.
    pub padding: f32,
    /// Height of the text that says the code; the others follow from it.
    pub text: f32,
}

/// The layouts that can be chosen, largest cards first.
pub const LAYOUTS: [Layout; 3] = [
    Layout { columns: 2, rows: 4, qr: 36.0, padding: 6.0, text: 5.2 },
    Layout { columns: 3, rows: 7, qr: 22.5, padding: 3.5, text: 3.5 },
    Layout { columns: 4, rows: 10, qr: 17.5, padding: 2.0, text: 2.8 },
];

impl Layout {
    /// Width and height of the page.
    pub const PAGE: (f32, f32) = (210.0, 297.0);
    /// What stays empty along the page's edges: many printers reach no further.
    const EDGE: f32 = 4.0;
    /// How long a mark to cut along is.
    const MARK: f32 = 5.0;
    /// Space around the cards: the page's empty edge, a mark, and a millimetre between mark and card.
    const MARGIN: f32 = Self::EDGE + Self::MARK + 1.0;
    /// Where the line stands that names the batch and the page: below the lower marks, so that nothing crosses it, as wide as the cards.
    pub const FOOT: Area =
        Area { left: Self::MARGIN, top: Self::PAGE.1 - Self::EDGE - 4.0, width: Self::PAGE.0 - 2.0 * Self::MARGIN, height: 4.0 };
    /// Size of the foot's text. Its lines are one and a half times as high.
    pub const FOOT_TEXT: f32 = 2.4;
    /// Where the cards stand: down to the lower marks, which end half a millimetre above the foot.
    pub const CARDS: Area = Area {
        left: Self::MARGIN,
        top: Self::MARGIN,
        width: Self::PAGE.0 - 2.0 * Self::MARGIN,
        height: Self::FOOT.top - 0.5 - (Self::MARGIN - Self::EDGE) - Self::MARGIN,
    };

    /// Cards on a page.
    pub fn cards(self) -> i64 {
        i64::from(self.columns) * i64::from(self.rows)
    }

    /// The layout of so many cards, the middle one where there is none.
    pub fn of(cards: i64) -> Self {
        LAYOUTS.into_iter().find(|layout| layout.cards() == cards).unwrap_or(LAYOUTS[1])
    }

    /// Width and height of a card.
    pub fn card(self) -> (f32, f32) {
        (Self::CARDS.width / f32::from(self.columns), Self::CARDS.height / f32::from(self.rows))
    }

    /// Where each card of a page stands: row by row, the first of a row at the right, where Arabic begins.
    pub fn places(self) -> impl Iterator<Item = Area> {
        let (width, height) = self.card();
        let left = move |column: u8| Self::CARDS.left + f32::from(column) * width;
        let top = move |row: u8| Self::CARDS.top + f32::from(row) * height;
        (0..self.rows)
            .flat_map(move |row| (0..self.columns).rev().map(move |column| Area { left: left(column), top: top(row), width, height }))
    }

    /// The marks to cut along, in the margins at every edge of the cards: where each begins, and how far it goes across and down.
    pub fn marks(self) -> impl Iterator<Item = ((f32, f32), (f32, f32))> {
        let (width, height) = self.card();
        // On all four sides they begin as far from the cards.
        let (near, far) = (Self::EDGE, Self::MARGIN - Self::EDGE - Self::MARK);
        let (after, below) = (Self::CARDS.right() + far, Self::CARDS.bottom() + far);
        let columns = (0..=self.columns).flat_map(move |column| {
            let x = Self::CARDS.left + f32::from(column) * width;
            [((x, near), (0.0, Self::MARK)), ((x, below), (0.0, Self::MARK))]
        });
        let rows = (0..=self.rows).flat_map(move |row| {
            let y = Self::CARDS.top + f32::from(row) * height;
            [((near, y), (Self::MARK, 0.0)), ((after, y), (Self::MARK, 0.0))]
        });
        columns.chain(rows)
    }

    /// Whether its cards have room for how to redeem them.
    pub fn explains(self) -> bool {
        self.rows <= 7
    }
}

#[cfg(feature = "ssr")]
pub use printed::{Card, Sheet, page};

#[cfg(feature = "ssr")]
mod printed {
    use app::format::{Count, date_in, grouped};
    use leptos::prelude::*;
    use shared::{ChargeCode, api::admin::Batch};

    use super::Layout;
    use crate::{i18n::Locale, locale, qr};

    /// A text of `locales` in Arabic.
    macro_rules! arabic {
        ($($tokens:tt)+) => { leptos_i18n::td_string!(Locale::ar, $($tokens)+) };
    }

    /// A sheet's words and cards.
    pub struct Sheet {
        /// How the cards stand.
        pub layout: Layout,
        /// The shop's name.
        pub brand: String,
        /// A card's value, as a number.
        pub value: String,
        /// The word for coins behind it.
        pub coins: String,
        /// How to redeem a card.
        pub how: &'static str,
        /// Until when, if the codes expire.
        pub until: Option<String>,
        /// What stands at the foot of each page: the batch, its label and reseller.
        pub foot: String,
        /// The cards.
        pub cards: Vec<Card>,
    }

    /// What differs from card to card.
    pub struct Card {
        /// The batch's and its own number.
        pub number: String,
        /// The code in its groups.
        pub code: String,
        /// What its QR code opens: the wallet, the code filled in. It stands behind the `#`, which browsers send to nobody.
        pub url: String,
    }

    impl Sheet {
        /// The sheet of codes of a batch, of which the first has the number `first`. `shop` is the shop's name, empty for the store's own,
        /// `public_url` its address.
        pub fn new(layout: Layout, shop: &str, public_url: &str, batch: &Batch, first: i64, codes: &[ChargeCode]) -> Self {
            // The plural rules are there once any text was asked for.
            _ = locale::current();
            let cards = (first..).zip(codes).map(|(number, code)| {
                let code = code.grouped();
                Card { number: format!("{}-{number:04}", batch.id), url: format!("{public_url}/wallet#code={code}"), code }
            });
            let until = batch.expires_at.map(|at| date_in(app::locale::language(shared::Locale::Ar), at.plus(-1), 0));
            let brand = if shop.is_empty() { arabic!(codes.sheet_brand) } else { shop };
            let named = [arabic!(codes.sheet_batch, batch = batch.id), batch.label.clone(), batch.reseller.clone()];
            Self {
                layout,
                brand: brand.to_owned(),
                value: grouped(batch.value),
                coins: arabic!(codes.coin_unit, count = Count(batch.value)).to_string(),
                how: arabic!(codes.sheet_how),
                until: until.map(|date| arabic!(codes.sheet_until, date = date)),
                foot: named.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · "),
                cards: cards.collect(),
            }
        }

        /// How large the shop's name is written: a long one smaller, so that it stays on its card, in two lines at the most.
        pub fn brand_size(&self) -> f32 {
            // So many letters are as wide as the narrowest card has room for.
            const ROOM: f32 = 16.0;
            let length = u8::try_from(self.brand.chars().count()).map_or(ROOM * 2.0, f32::from);
            self.layout.text * 0.95 * (ROOM / length).clamp(0.5, 1.0)
        }

        /// How large the value is written: a long one smaller, so that it stays on its card.
        pub fn value_size(&self) -> f32 {
            let length = u8::try_from(self.value.len()).map_or(1.0, f32::from);
            self.layout.text * 1.9 * (5.0 / length).min(1.0)
        }

        /// The cards, a page each.
        pub fn pages(&self) -> impl ExactSizeIterator<Item = &[Card]> {
            self.cards.chunks(usize::try_from(self.layout.cards()).unwrap_or(1))
        }

        /// Which page of how many.
        pub fn page_of(page: usize, pages: usize) -> String {
            arabic!(codes.sheet_page, page = page, pages = pages)
        }
    }

    /// The sheet as a page that prints itself. Its style and script run by the nonce.
    pub fn page(sheet: &Sheet, nonce: &str) -> String {
        let Layout { columns, rows, qr, padding, text, .. } = sheet.layout;
        let (value, brand) = (sheet.value_size(), sheet.brand_size());
        let (area, foot, foot_text) = (Layout::CARDS, Layout::FOOT, Layout::FOOT_TEXT);
        let measures = format!(
            ":root {{ --columns: {columns}; --rows: {rows}; --qr: {qr}mm; --padding: {padding}mm; --text: {text}mm; --value: {value}mm; \
             --brand: {brand}mm; --side: {}mm; --top: {}mm; --height: {}mm; --foot-top: {}mm; --foot-height: {}mm; --foot-text: {foot_text}mm }}",
            area.left, area.top, area.height, foot.top, foot.height
        );
        let marks: String = sheet.layout.marks().map(|((x, y), (across, down))| format!("M{x} {y}l{across} {down}")).collect();
        let count = sheet.pages().len();
        let pages = sheet.pages().zip(1..).map(|(cards, number)| {
            view! {
                <section class="page">
                    <svg class="marks" viewBox="0 0 210 297" aria-hidden="true">
                        <path d=marks.clone()></path>
                    </svg>
                    <div class="grid">{cards.iter().map(|one| card(sheet, one)).collect_view()}</div>
                    <p class="foot">
                        <bdi>{sheet.foot.clone()}</bdi>
                        <span>{Sheet::page_of(number, count)}</span>
                    </p>
                </section>
            }
        });
        let body = view! {
            <header>
                <button type="button">{arabic!(codes.sheet_print)}</button>
                <p>{arabic!(codes.sheet_help)}</p>
            </header>
            {pages.collect_view()}
        };
        let body = Owner::new().with(|| body.to_html());
        format!(
            "<!DOCTYPE html><html lang=\"ar\" dir=\"rtl\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <meta name=\"robots\" content=\"noindex\"><title>{}</title><style nonce=\"{nonce}\">{measures}{}</style></head><body>{body}\
             <script nonce=\"{nonce}\">{}</script></body></html>",
            arabic!(codes.sheet_title),
            include_str!("sheet.css"),
            include_str!("sheet.js"),
        )
    }

    fn card(sheet: &Sheet, card: &Card) -> impl IntoView + use<> {
        let (size, path) = qr::path(&card.url).unwrap_or_default();
        let frame = format!("-4 -4 {} {}", size + 8, size + 8);
        view! {
            <article class="card">
                <div class="words">
                    <p class="brand">
                        <svg viewBox="0 0 24 24" aria-hidden="true">
                            <path d=STAR></path>
                        </svg>
                        <span>{sheet.brand.clone()}</span>
                    </p>
                    <p class="value">
                        <bdi dir="ltr">{sheet.value.clone()}</bdi>
                        " "
                        <span>{sheet.coins.clone()}</span>
                    </p>
                    {sheet.layout.explains().then(|| view! { <p class="how">{sheet.how}</p> })}
                    <p class="small">{sheet.until.clone()}</p>
                    <p class="small">
                        <bdi dir="ltr">{card.number.clone()}</bdi>
                    </p>
                </div>
                <svg class="qr" viewBox=frame role="img">
                    <path d=path></path>
                </svg>
                <p class="code" dir="ltr">
                    {card.code.clone()}
                </p>
            </article>
        }
    }

    /// The shop's star, as `app`'s sprite has it.
    const STAR: &str = "M12 1L8.78 4.22H4.22V8.78L1 12L4.22 15.22V19.78H8.78L12 23L15.22 19.78H19.78V15.22L23 12L19.78 8.78V4.22H15.22z";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths are sums of fractions: a hundredth of a millimetre is nothing.
    const NOTHING: f32 = 0.01;
    /// How thick marks are drawn.
    const INK: f32 = 0.2;

    fn within(inner: Area, outer: Area) -> bool {
        inner.left >= outer.left - NOTHING
            && inner.right() <= outer.right() + NOTHING
            && inner.top >= outer.top - NOTHING
            && inner.bottom() <= outer.bottom() + NOTHING
    }

    /// Whether they have more in common than an edge.
    fn overlap(one: Area, other: Area) -> bool {
        one.left < other.right() - NOTHING
            && other.left < one.right() - NOTHING
            && one.top < other.bottom() - NOTHING
            && other.top < one.bottom() - NOTHING
    }

    #[test]
    fn the_foot_has_its_own_room_in_every_layout() {
        let (width, height) = Layout::PAGE;
        let page = Area { left: 0.0, top: 0.0, width, height };
        assert!(within(Layout::FOOT, page) && !overlap(Layout::FOOT, Layout::CARDS));
        let line = Area { height: Layout::FOOT_TEXT * 1.5, ..Layout::FOOT };
        assert!(within(line, Layout::FOOT), "a line is higher than its room");
        for layout in LAYOUTS {
            let cards: Vec<_> = layout.places().collect();
            assert_eq!(i64::try_from(cards.len()).unwrap(), layout.cards());
            assert!(cards.iter().all(|card| within(*card, Layout::CARDS)), "{layout:?}");
            let mark = |((x, y), (across, down)): ((f32, f32), (f32, f32))| Area {
                left: x - INK / 2.0,
                top: y - INK / 2.0,
                width: across + INK,
                height: down + INK,
            };
            for mark in layout.marks().map(mark) {
                assert!(within(mark, page), "{layout:?}: {mark:?}");
                for drawn in cards.iter().chain([&Layout::FOOT]) {
                    assert!(!overlap(mark, *drawn), "{layout:?}: {mark:?} crosses {drawn:?}");
                }
            }
        }
    }

    #[test]
    fn a_row_of_cards_begins_at_the_right() {
        for layout in LAYOUTS {
            let cards: Vec<_> = layout.places().collect();
            let (first, last) = (cards[0], cards[usize::from(layout.columns) - 1]);
            assert!((first.right() - Layout::CARDS.right()).abs() < NOTHING && (last.left - Layout::CARDS.left).abs() < NOTHING);
            assert!(cards.iter().enumerate().all(|(number, card)| cards[..number].iter().all(|before| !overlap(*card, *before))));
        }
    }
}
