//! QR codes (ISO/IEC 18004) as one path of squares, which any size and any printer draws sharp.

use fast_qr::{ECL, QRBuilder};

/// Modules a side, and a path in their units that fills the dark ones; `None` for a text too long for any code.
pub fn path(text: &str) -> Option<(usize, String)> {
    let (size, runs) = runs(text)?;
    Some((size, runs.iter().map(|(column, row, width)| format!("M{column} {row}h{width}v1h-{width}z")).collect()))
}

/// Dark neighbours in a row: their first column, the row, how many they are.
pub type Run = (usize, usize, usize);

/// Modules a side, and the dark ones: runs of neighbours in a row by their first column, row and width.
pub fn runs(text: &str) -> Option<(usize, Vec<Run>)> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let mut runs = Vec::new();
    for row in 0..code.size {
        let mut column = 0;
        while column < code.size {
            let start = column;
            while column < code.size && code[row][column].value() {
                column += 1;
            }
            if column > start {
                runs.push((start, row, column - start));
            } else {
                column += 1;
            }
        }
    }
    Some((code.size, runs))
}
