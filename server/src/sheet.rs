//! The sheet of recharge codes as PDF: the cards of [`dashboard::sheet`], drawn as lines, squares and shaped text.

mod text;

use dashboard::{
    qr,
    sheet::{Area, Card, Layout, Sheet},
};
use krilla::{
    Document,
    geom::{PathBuilder, Point, Rect, Transform},
    metadata::Metadata,
    page::PageSettings,
    paint::{Fill, Stroke},
    surface::Surface,
};

use text::{Align, Pen, Typeface};

/// Points of a millimetre.
const MM: f32 = 72.0 / 25.4;

/// Draws the sheet. `None` when a font or page could not be made, which is a fault of ours.
pub fn pdf(sheet: &Sheet) -> Option<Vec<u8>> {
    let (regular, bold) = (Typeface::regular()?, Typeface::bold()?);
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(sheet.foot.clone()).language("ar".to_owned()).creator(sheet.brand.clone()));
    let count = sheet.pages().len();
    let foot = Foot::new(sheet, count, &regular);
    for (index, cards) in sheet.pages().enumerate() {
        let (width, height) = Layout::PAGE;
        let mut page = document.start_page_with(PageSettings::from_wh(width * MM, height * MM)?);
        let mut surface = page.surface();
        // From here on lengths are millimetres.
        surface.push_transform(&Transform::from_scale(MM, MM));
        surface.set_fill(Some(Fill::default()));
        marks(&mut surface, sheet.layout)?;
        for (place, card) in sheet.layout.places().zip(cards) {
            let mut drawing = Drawing { surface: &mut surface, sheet, regular: &regular, bold: &bold };
            drawing.card(card, place)?;
        }
        foot.draw(&mut surface, &regular, &Sheet::page_of(index + 1, count));
        surface.pop();
        surface.finish();
        page.finish();
    }
    document.finish().inspect_err(|error| tracing::error!(?error, "a sheet could not be written")).ok()
}

/// The marks to cut along, and dotted hairlines between the cards.
fn marks(surface: &mut Surface<'_>, layout: Layout) -> Option<()> {
    let (cards, (width, height)) = (Layout::CARDS, layout.card());
    let (mut marks, mut hairlines) = (PathBuilder::new(), PathBuilder::new());
    let line = |path: &mut PathBuilder, from: (f32, f32), to: (f32, f32)| {
        path.move_to(from.0, from.1);
        path.line_to(to.0, to.1);
    };
    for ((x, y), (across, down)) in layout.marks() {
        line(&mut marks, (x, y), (x + across, y + down));
    }
    for column in 0..=layout.columns {
        let x = cards.left + f32::from(column) * width;
        line(&mut hairlines, (x, cards.top), (x, cards.bottom()));
    }
    for row in 0..=layout.rows {
        let y = cards.top + f32::from(row) * height;
        line(&mut hairlines, (cards.left, y), (cards.right(), y));
    }
    let stroke = |width| Stroke { width, ..Stroke::default() };
    surface.set_fill(None);
    surface.set_stroke(Some(stroke(0.2)));
    surface.draw_path(&marks.finish()?);
    let dotted = krilla::paint::StrokeDash { array: vec![0.3, 0.9], offset: 0.0 };
    surface.set_stroke(Some(Stroke { dash: Some(dotted), ..stroke(0.1) }));
    surface.draw_path(&hairlines.finish()?);
    surface.set_stroke(None);
    surface.set_fill(Some(Fill::default()));
    Some(())
}

/// The line at the foot of each page, in its own room: what the sheet is of at the right, which page at the left.
struct Foot {
    /// Shortened, so that it ends before the page's number.
    named: String,
    baseline: f32,
}

impl Foot {
    fn new(sheet: &Sheet, pages: usize, typeface: &Typeface) -> Self {
        const GAP: f32 = 4.0;
        let (room, size) = (Layout::FOOT, Layout::FOOT_TEXT);
        // The last page's number is the widest.
        let number = typeface.width(&Sheet::page_of(pages, pages)) * size;
        Self {
            named: typeface.fitted(&sheet.foot, size, room.width - number - GAP),
            baseline: typeface.baseline(room.top, room.height, size),
        }
    }

    fn draw(&self, surface: &mut Surface<'_>, typeface: &Typeface, number: &str) {
        let (room, size) = (Layout::FOOT, Layout::FOOT_TEXT);
        typeface.write(surface, &self.named, Pen { x: room.right(), y: self.baseline, size, align: Align::Start });
        typeface.write(surface, number, Pen { x: room.left, y: self.baseline, size, align: Align::End });
    }
}

struct Drawing<'a, 'b> {
    surface: &'a mut Surface<'b>,
    sheet: &'a Sheet,
    regular: &'a Typeface,
    bold: &'a Typeface,
}

impl Drawing<'_, '_> {
    /// Words at the right, the QR code at the left, the code below.
    fn card(&mut self, card: &Card, place: Area) -> Option<()> {
        let Layout { qr: side, padding, text, .. } = self.sheet.layout;
        let width = place.width;
        let (right, top) = (place.right() - padding, place.top + padding);
        let small = text * 0.64;

        let mut y = top + text * 0.95;
        self.star(right - text, y - text * 0.84, text)?;
        let brand_size = self.sheet.brand_size();
        let lines = self.regular.lines(&self.sheet.brand, brand_size, width - side - 2.5 * padding - text * 1.3);
        for (line, below) in lines.iter().zip([0.0_f32, 1.2]) {
            self.words(line, right - text * 1.3, y + below * brand_size, brand_size, Align::Start);
        }
        y += text * 2.2;
        let value =
            self.bold.write(self.surface, &self.sheet.value, Pen { x: right, y, size: self.sheet.value_size(), align: Align::Start });
        self.words(&self.sheet.coins, right - value - text * 0.4, y, text * 0.95, Align::Start);
        y += text * 0.5;
        if self.sheet.layout.explains() {
            for line in self.regular.lines(self.sheet.how, small, width - side - 2.5 * padding) {
                y += small * 1.5;
                self.words(&line, right, y, small, Align::Start);
            }
        }
        if let Some(until) = &self.sheet.until {
            y += small * 1.5;
            self.words(until, right, y, small, Align::Start);
        }
        y += small * 1.5;
        self.words(&card.number, right, y, small, Align::Start);

        let (left, bottom) = (place.left + padding, place.bottom() - padding);
        self.qr(&card.url, left, top, side)?;
        let centre = left + (width - 2.0 * padding) / 2.0;
        self.bold.write(self.surface, &card.code, Pen { x: centre, y: bottom - text * 0.1, size: text, align: Align::Centre });
        Some(())
    }

    fn words(&mut self, text: &str, x: f32, y: f32, size: f32, align: Align) {
        self.regular.write(self.surface, text, Pen { x, y, size, align });
    }

    /// The code's dark squares, within the quiet zone of four modules (ISO/IEC 18004).
    fn qr(&mut self, url: &str, x: f32, y: f32, side: f32) -> Option<()> {
        let (modules, dark) = qr::runs(url)?;
        let number = |count: usize| u16::try_from(count).map(f32::from).unwrap_or_default();
        let mut path = PathBuilder::new();
        for (column, row, width) in dark {
            path.push_rect(Rect::from_xywh(number(column), number(row), number(width), 1.0)?);
        }
        // In modules: whole numbers are the fewest bytes.
        let module = side / number(modules + 8);
        self.surface.push_transform(&Transform::from_row(module, 0.0, 0.0, module, x + 4.0 * module, y + 4.0 * module));
        self.surface.draw_path(&path.finish()?);
        self.surface.pop();
        Some(())
    }

    /// The shop's star, as `app`'s sprite has it.
    fn star(&mut self, x: f32, y: f32, side: f32) -> Option<()> {
        const POINTS: [(f32, f32); 16] = [
            (12.0, 1.0),
            (8.78, 4.22),
            (4.22, 4.22),
            (4.22, 8.78),
            (1.0, 12.0),
            (4.22, 15.22),
            (4.22, 19.78),
            (8.78, 19.78),
            (12.0, 23.0),
            (15.22, 19.78),
            (19.78, 19.78),
            (19.78, 15.22),
            (23.0, 12.0),
            (19.78, 8.78),
            (19.78, 4.22),
            (15.22, 4.22),
        ];
        let mut path = PathBuilder::new();
        for (index, (across, down)) in POINTS.into_iter().enumerate() {
            let point = Point::from_xy(x + across * side / 24.0, y + down * side / 24.0);
            if index == 0 { path.move_to(point.x, point.y) } else { path.line_to(point.x, point.y) }
        }
        path.close();
        self.surface.draw_path(&path.finish()?);
        Some(())
    }
}
