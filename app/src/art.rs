//! Covers drawn by the store: a girih lattice whose symmetry comes from a file's kind, its hue, angle and density from its title.
//!
//! E. H. Hankin's method ("polygons in contact", 1925): from the middle of every edge of a tiling two lines leave at one angle;
//! where they meet inside a regular polygon they draw its star. The neighbours' stars join by themselves.

use std::{
    f64::consts::{PI, TAU},
    fmt::{self, Display, Write},
    sync::{LazyLock, OnceLock},
};

use shared::api::FileKind;

/// How many hues `style/art.scss` has.
pub const HUES: u32 = 10;

/// A regular polygon of the tiling, its edges one unit long.
struct Tile {
    x: f64,
    y: f64,
    sides: u32,
    /// Direction of one edge's middle.
    turn: f64,
}

/// One period of a tiling, in units of an edge.
struct Tiling {
    width: f64,
    height: f64,
    tiles: Vec<Tile>,
}

/// FNV-1a: the title's mark on the drawing.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The hue of a title, from 0 to [`HUES`], as a class of the drawing's frame.
pub fn hue(title: &str) -> u32 {
    (hash(title) >> 3) % HUES
}

/// The drawing as SVG. Colours are classes, so that it follows the page's theme.
pub fn svg(kind: FileKind, title: &str) -> impl Display {
    let mark = hash(title);
    let lattice = lattice(kind, (mark >> 7) as usize % ANGLES.len());
    let scale = [0.85, 1.0, 1.15, 1.35][(mark >> 11) as usize % 4] * density(kind);
    let turn = [0, 15, 30, 45][(mark >> 15) as usize % 4];
    fmt::from_fn(move |f| {
        write!(
            f,
            "<svg viewBox='0 0 320 200' preserveAspectRatio='xMidYMid slice' aria-hidden='true' focusable='false'>\
             <defs><pattern id='g{mark:x}' {lattice} patternTransform='translate(160 100) rotate({turn}) scale({scale:.2})' stroke-width='{:.2}'>\
             {stars}</pattern></defs>\
             <rect class='art-ground' width='320' height='200'/><rect fill='url(#g{mark:x})' width='320' height='200'/>\
             <path class='art-seal' d='{seal}'/><use class='art-kind' href='#i-{icon}' x='144' y='84' width='32' height='32'/></svg>",
            1.0 / scale,
            lattice = lattice.period,
            stars = lattice.stars,
            seal = *SEAL,
            icon = icon(kind),
        )
    })
}

/// The lattice behind the home page's first words: octagons and squares, lines only.
pub fn hero() -> String {
    let Tiling { width, height, tiles } = tiling(FileKind::Pdf);
    let edge = 34.0;
    let mut lines = String::new();
    for tile in tiles {
        star(&mut lines, &tile, 67.5 * PI / 180.0, edge);
    }
    format!(
        "<svg width=\"100%\" height=\"100%\" focusable=\"false\"><defs><pattern id=\"hero\" {}>\
         <path class=\"hero-line\" d=\"{lines}\"/></pattern></defs><rect fill=\"url(#hero)\" width=\"100%\" height=\"100%\"/></svg>",
        period(width * edge, height * edge),
    )
}

/// The angles, in degrees, at which a cover's lines may leave the edges.
const ANGLES: [f64; 5] = [52.0, 58.0, 63.0, 67.5, 72.0];

/// The length of an edge before a cover's own scale, in the drawing's units.
const EDGE: f64 = 20.0;

/// One period of a cover's lattice as SVG.
struct Lattice {
    period: String,
    stars: String,
}

/// The lattice of a kind and an angle: there are few, so each is computed once.
fn lattice(kind: FileKind, angle: usize) -> &'static Lattice {
    static LATTICES: [[OnceLock<Lattice>; ANGLES.len()]; FileKind::ALL.len()] =
        [const { [const { OnceLock::new() }; ANGLES.len()] }; FileKind::ALL.len()];
    LATTICES[kind as usize][angle].get_or_init(|| {
        let Tiling { width, height, tiles } = tiling(kind);
        let (mut filled, mut lines) = (String::new(), String::new());
        for tile in tiles {
            star(if tile.sides >= 6 { &mut filled } else { &mut lines }, &tile, ANGLES[angle] * PI / 180.0, EDGE);
        }
        Lattice {
            period: period(width * EDGE, height * EDGE),
            stars: format!("<path class=\"art-star\" d=\"{filled}\"/><path class=\"art-line\" d=\"{lines}\"/>"),
        }
    })
}

fn period(width: f64, height: f64) -> String {
    format!("width=\"{width:.1}\" height=\"{height:.1}\" patternUnits=\"userSpaceOnUse\"")
}

/// The icon of a kind, as the sprite names it.
pub fn icon(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Pdf => "file-text",
        FileKind::Code => "code-xml",
        FileKind::Tutorial => "graduation-cap",
        FileKind::Design => "pen-tool",
        FileKind::Other => "file",
    }
}

/// Tilings of large polygons need shorter edges to show as much.
fn density(kind: FileKind) -> f64 {
    match kind {
        FileKind::Code | FileKind::Other => 1.35,
        FileKind::Pdf => 1.0,
        FileKind::Tutorial | FileKind::Design => 0.72,
    }
}

/// Each kind's tiling: octagons and squares, hexagons, dodecagons and triangles, dodecagons with hexagons and squares,
/// hexagons and triangles.
fn tiling(kind: FileKind) -> Tiling {
    let root3 = 3_f64.sqrt();
    match kind {
        FileKind::Pdf => {
            let width = 1.0 + 2_f64.sqrt();
            periodic(width, width, &[(0.5, 0.5, 8, 0.0), (0.0, 0.0, 4, PI / 4.0)])
        }
        FileKind::Code => periodic(root3, 3.0, &[(0.0, 0.0, 6, 0.0), (0.5, 0.5, 6, 0.0)]),
        FileKind::Tutorial => {
            let width = 2.0 + root3;
            triangular(width, &[(0.0, 0.0, 12, 0.0)], 3)
        }
        FileKind::Design => {
            let width = 3.0 + root3;
            let mut tiling = triangular(width, &[(0.0, 0.0, 12, 0.0)], 6);
            let squares = [(0.5, 0.0, 0.0), (0.25, 0.25, PI / 3.0), (0.75, 0.25, -PI / 3.0)];
            for (x, y, turn) in squares {
                let more = periodic(width, width * root3, &[(x, y, 4, turn), (x + 0.5, y + 0.5, 4, turn)]);
                tiling.tiles.extend(more.tiles);
            }
            tiling
        }
        FileKind::Other => triangular(2.0, &[(0.0, 0.0, 6, PI / 6.0)], 3),
    }
}

/// Polygons at the points of a triangular lattice, and others in the middle of its triangles.
fn triangular(width: f64, at_points: &[(f64, f64, u32, f64)], sides_between: u32) -> Tiling {
    let height = width * 3_f64.sqrt();
    let mut places = Vec::new();
    for &(x, y, sides, turn) in at_points {
        places.push((x, y, sides, turn));
        places.push((x + 0.5, y + 0.5, sides, turn));
    }
    // Middles of the triangles that stand on a row, and of those that hang from it.
    for (x, y, turn) in [(0.5, 1.0 / 6.0, -PI / 2.0), (0.0, 2.0 / 3.0, -PI / 2.0), (0.0, 1.0 / 3.0, PI / 2.0), (0.5, 5.0 / 6.0, PI / 2.0)] {
        places.push((x, y, sides_between, turn));
    }
    periodic(width, height, &places)
}

/// A period whose tiles stand at fractions of its width and height; those that reach over its edge are there again at the other.
fn periodic(width: f64, height: f64, places: &[(f64, f64, u32, f64)]) -> Tiling {
    let mut tiles = Vec::new();
    for &(x, y, sides, turn) in places {
        let radius = apothem(sides);
        for column in -1..=1 {
            for row in -1..=1 {
                let (x, y) = ((x + f64::from(column)) * width, (y + f64::from(row)) * height);
                let inside = |place: f64, length: f64| place > -radius && place < length + radius;
                if inside(x, width) && inside(y, height) {
                    tiles.push(Tile { x, y, sides, turn });
                }
            }
        }
    }
    Tiling { width, height, tiles }
}

/// Distance from a polygon's centre to the middle of an edge one unit long.
fn apothem(sides: u32) -> f64 {
    0.5 / (PI / f64::from(sides)).tan()
}

/// Adds a tile's star to a path.
fn star(path: &mut String, tile: &Tile, angle: f64, edge: f64) {
    let outer = apothem(tile.sides);
    let half = PI / f64::from(tile.sides);
    // Where the line that leaves an edge at `angle` meets the line from the centre to the corner.
    let inner = outer / (half.cos() + half.sin() * angle.tan());
    for point in 0..tile.sides * 2 {
        let radius = if point % 2 == 0 { outer } else { inner };
        let direction = tile.turn + half * f64::from(point);
        let (x, y) = ((tile.x + radius * direction.cos()) * edge, (tile.y + radius * direction.sin()) * edge);
        _ = write!(path, "{}{x:.1} {y:.1}", if point == 0 { 'M' } else { 'L' });
    }
    path.push('z');
}

/// The eight-pointed star in the middle, which holds the kind's icon.
static SEAL: LazyLock<String> = LazyLock::new(|| {
    let mut path = String::new();
    for point in 0..16_u32 {
        let radius = if point % 2 == 0 { 44.0 } else { 33.7 };
        let direction = TAU / 16.0 * f64::from(point);
        _ = write!(
            path,
            "{}{:.1} {:.1}",
            if point == 0 { 'M' } else { 'L' },
            160.0 + radius * direction.cos(),
            100.0 + radius * direction.sin()
        );
    }
    path + "z"
});

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(kind: FileKind, title: &str) -> String {
        svg(kind, title).to_string()
    }

    #[test]
    fn one_identity_one_drawing() {
        for kind in FileKind::ALL {
            assert_eq!(drawn(*kind, "مدخل إلى Rust"), drawn(*kind, "مدخل إلى Rust"));
            assert_ne!(drawn(*kind, "مدخل إلى Rust"), drawn(*kind, "مدخل إلى SQL"));
            assert!(drawn(*kind, "").len() < 8_000);
            assert!(!drawn(*kind, "a").contains("NaN"));
        }
        assert_ne!(drawn(FileKind::Pdf, "a"), drawn(FileKind::Code, "a"));
    }
}
