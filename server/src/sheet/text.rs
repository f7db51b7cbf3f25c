//! Text for PDFs: ordered by the bidirectional algorithm (UAX #9), shaped (Arabic letters join), measured, drawn.

use std::ops::Range;

use krilla::{
    geom::Point,
    surface::Surface,
    text::{Font, GlyphId, KrillaGlyph},
};
use rustybuzz::{Direction, Face, UnicodeBuffer};
use unicode_bidi::{BidiInfo, Level};

const REGULAR: &[u8] = include_bytes!("../../fonts/readex-pro-regular.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/readex-pro-bold.ttf");

/// Where a text stands. Lengths in the surface's units.
#[derive(Debug, Clone, Copy)]
pub struct Pen {
    pub x: f32,
    /// The baseline.
    pub y: f32,
    pub size: f32,
    pub align: Align,
}

/// Where a text's `x` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// At its right, where Arabic begins.
    Start,
    /// In its middle.
    Centre,
    /// At its left.
    End,
}

/// A font to shape with and to draw with.
pub struct Typeface {
    face: Face<'static>,
    font: Font,
}

/// Neighbouring glyphs of one direction: the part of the text they stand for, from left to right.
struct Run {
    text: Range<usize>,
    glyphs: Vec<KrillaGlyph>,
}

impl Run {
    /// Its width at size 1.
    fn width(&self) -> f32 {
        self.glyphs.iter().map(|glyph| glyph.x_advance).sum()
    }
}

impl Typeface {
    pub fn regular() -> Option<Self> {
        Self::of(REGULAR)
    }

    pub fn bold() -> Option<Self> {
        Self::of(BOLD)
    }

    fn of(data: &'static [u8]) -> Option<Self> {
        Some(Self { face: Face::from_slice(data, 0)?, font: Font::new(data.into(), 0)? })
    }

    /// Writes one line, without what the font does not have, and gives its width.
    pub fn write(&self, surface: &mut Surface<'_>, text: &str, pen: Pen) -> f32 {
        let text = self.known(text);
        let runs = self.runs(&text);
        let width = runs.iter().map(Run::width).sum::<f32>() * pen.size;
        let mut x = match pen.align {
            Align::Start => pen.x - width,
            Align::Centre => pen.x - width / 2.0,
            Align::End => pen.x,
        };
        for run in runs {
            let advance = run.width() * pen.size;
            let point = Point::from_xy(x, pen.y);
            surface.draw_glyphs(point, &run.glyphs, self.font.clone(), &text[run.text.clone()], pen.size, false);
            x += advance;
        }
        width
    }

    /// The text in lines no wider than `width`, broken between words.
    pub fn lines(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if self.width(&format!("{line} {word}")) * size <= width => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines
    }

    /// The text as it is where it is no wider than `width`, else its beginning with a sign that more was there.
    pub fn fitted(&self, text: &str, size: f32, width: f32) -> String {
        let fits = |text: &str| self.width(text) * size <= width;
        let mut fitted = text.to_owned();
        let mut kept = text.to_owned();
        while !fits(&fitted) && kept.pop().is_some() {
            fitted = format!("{}…", kept.trim_end());
        }
        fitted
    }

    /// Where the baseline of a line stands in the middle of a room that begins at `top`.
    pub fn baseline(&self, top: f32, height: f32, size: f32) -> f32 {
        let [up, down] = [self.face.ascender(), -self.face.descender()].map(|part| f32::from(part) / self.font.units_per_em() * size);
        top + (height - up - down) / 2.0 + up
    }

    /// A text's width at size 1.
    pub fn width(&self, text: &str) -> f32 {
        self.runs(&self.known(text)).iter().map(Run::width).sum()
    }

    fn known(&self, text: &str) -> String {
        text.chars().filter(|character| self.face.glyph_index(*character).is_some()).collect()
    }

    /// The runs of a line as they stand from left to right, in a paragraph that begins at the right.
    fn runs(&self, text: &str) -> Vec<Run> {
        let bidi = BidiInfo::new(text, Some(Level::rtl()));
        let Some(paragraph) = bidi.paragraphs.first() else { return Vec::new() };
        let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
        runs.into_iter().map(|range| self.shape(&text[range.clone()], range.clone(), levels[range.start].is_rtl())).collect()
    }

    fn shape(&self, text: &str, range: Range<usize>, rtl: bool) -> Run {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(if rtl { Direction::RightToLeft } else { Direction::LeftToRight });
        let shaped = rustybuzz::shape(&self.face, &[], buffer);
        // Beginnings of clusters, to know where each ends.
        let mut starts: Vec<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
        starts.sort_unstable();
        starts.push(text.len());
        let unit = |length: i32| {
            #[expect(clippy::cast_precision_loss, reason = "an advance is some thousand units at most")]
            let length = length as f32;
            length / self.font.units_per_em()
        };
        let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions()).map(|(info, position)| {
            let start = info.cluster as usize;
            let end = starts.iter().copied().find(|next| *next > start).unwrap_or(text.len());
            KrillaGlyph::new(
                GlyphId::new(info.glyph_id),
                unit(position.x_advance),
                unit(position.x_offset),
                unit(position.y_offset),
                unit(position.y_advance),
                start..end,
                None,
            )
        });
        Run { text: range, glyphs: glyphs.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shortened_to_its_room() {
        let typeface = Typeface::regular().unwrap();
        let long = "الدفعة 12 · نقطة الميدان · وكالة أبو أحمد ".repeat(4);
        let fitted = typeface.fitted(&long, 2.4, 100.0);
        assert!(typeface.width(&fitted) * 2.4 <= 100.0, "{fitted}");
        assert!(fitted.ends_with('…') && long.starts_with(fitted.trim_end_matches('…')), "{fitted}");
        assert!(typeface.width("…") > 0.0, "the font has the sign");
        assert_eq!(typeface.fitted("الدفعة 12", 2.4, 100.0), "الدفعة 12");
        // Letters with what hangs from them stand within the room.
        let baseline = typeface.baseline(10.0, 4.0, 2.4);
        assert!((12.0..14.0).contains(&baseline), "{baseline}");
    }
}
