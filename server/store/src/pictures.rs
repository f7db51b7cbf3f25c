//! Covers, previews and the shop's logo as they come from cameras and drawing programs, made fit for a page.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, Limits, Rgb, RgbImage, codecs::jpeg::JpegEncoder,
    imageops::FilterType, metadata::Orientation,
};
use shared::{Code, FieldCode, FileId, api::admin::Permission};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{
    Origin, Result, Staff, Store,
    audit::Deed,
    db::{Connection, transaction},
    error::{damaged, field},
    files::{audited, must_exist},
    storage,
};

/// Largest cover or preview that is taken in, in bytes.
const MOST_BYTES: usize = 16 << 20;
/// Points of the largest picture that is taken in: a phone's best, and no bomb.
const MOST_POINTS: u64 = 50_000_000;
/// Memory that decoding may take, in bytes.
const MOST_MEMORY: u64 = 256 << 20;
/// Quality of the JPEG, of 100.
const QUALITY: u8 = 84;
/// The box that a cover is fitted into: three times what a card shows.
const COVER: (u32, u32) = (960, 600);
/// The same of a preview, which is to be read.
const PREVIEW: (u32, u32) = (1600, 1600);
/// The same of the logo; the smaller box holds whatever would be too many bytes in the larger one.
const LOGO: [(u32, u32); 2] = [(480, 288), (200, 120)];

/// One at a time: each may take [`MOST_MEMORY`].
static AT_WORK: Semaphore = Semaphore::const_new(1);

/// What is shown in a slot: its bytes and media type.
pub(crate) type Drawn = (Vec<u8>, &'static str);
/// The same once it is stored: its entity tag and media type.
pub(crate) type Kept = (String, &'static str);

/// A picture beside a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// Its cover: a picture.
    Cover,
    /// Its free preview: a picture or a PDF.
    Preview,
}

impl Slot {
    fn sql(self) -> &'static str {
        match self {
            Self::Cover => "UPDATE files SET cover_etag = $2, cover_type = $3 WHERE id = $1",
            Self::Preview => "UPDATE files SET preview_etag = $2, preview_type = $3 WHERE id = $1",
        }
    }

    /// What the audit log calls a change of it.
    pub fn action(self) -> &'static str {
        match self {
            Self::Cover => "file.cover",
            Self::Preview => "file.preview",
        }
    }
}

/// The picture drawn anew; a PDF as it is, where one is allowed.
pub(crate) async fn tidy(slot: Slot, bytes: Vec<u8>) -> Result<Drawn> {
    let (name, fit) = match slot {
        Slot::Cover => ("cover", COVER),
        Slot::Preview => ("preview", PREVIEW),
    };
    if bytes.is_empty() {
        return Err(field(name, FieldCode::EmptyFile));
    }
    if bytes.len() > MOST_BYTES {
        return Err(field(name, FieldCode::PictureSize));
    }
    if slot == Slot::Preview && infer::is(&bytes, "pdf") {
        return Ok((bytes, "application/pdf"));
    }
    drawn_anew(name, bytes, fit, on_paper).await
}

/// The logo drawn anew, in `most` bytes: what is transparent stays so.
pub(crate) async fn tidy_logo(bytes: Vec<u8>, most: usize) -> Result<Drawn> {
    let [large, small] = LOGO;
    let drawn = drawn_anew("logo", bytes.clone(), large, as_it_is).await?;
    if drawn.0.len() <= most { Ok(drawn) } else { drawn_anew("logo", bytes, small, as_it_is).await }
}

async fn drawn_anew(name: &str, bytes: Vec<u8>, fit: (u32, u32), draw: fn(&DynamicImage) -> ImageResult<Drawn>) -> Result<Drawn> {
    if !infer::get(&bytes).is_some_and(|found| ["image/png", "image/jpeg", "image/webp"].contains(&found.mime_type())) {
        return Err(field(name, FieldCode::ContentType));
    }
    let turn = AT_WORK.acquire().await.map_err(damaged)?;
    let drawn = spawn_blocking(move || {
        // Held here: drawing goes on when nobody waits for it any more.
        let _turn = turn;
        draw(&fitted(&bytes, fit)?).map_err(|_| FieldCode::BrokenPicture)
    });
    drawn.await.map_err(damaged)?.map_err(|code| field(name, code))
}

/// The picture, upright and no larger than its box.
fn fitted(bytes: &[u8], (width, height): (u32, u32)) -> std::result::Result<DynamicImage, FieldCode> {
    let broken = |_| FieldCode::BrokenPicture;
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| FieldCode::BrokenPicture)?;
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (across, down) = decoder.dimensions();
    // The decoder's own limit does not count the picture that it fills.
    if u64::from(across) * u64::from(down) > MOST_POINTS || decoder.total_bytes() > MOST_MEMORY {
        return Err(FieldCode::PictureSize);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    decoder.set_limits(limits).map_err(|_| FieldCode::PictureSize)?;
    // A camera held upright says so beside the points: here they are turned, for what it says is left out.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    if picture.width() > width || picture.height() > height {
        picture = picture.resize(width, height, FilterType::CatmullRom);
    }
    Ok(picture)
}

/// What is transparent shows white paper: a JPEG has no holes.
fn on_paper(picture: &DynamicImage) -> ImageResult<Drawn> {
    let source = picture.to_rgba8();
    let paper = RgbImage::from_fn(source.width(), source.height(), |x, y| {
        let [red, green, blue, alpha] = source.get_pixel(x, y).0.map(u16::from);
        let mix = |colour: u16| u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX);
        Rgb([mix(red), mix(green), mix(blue)])
    });
    let mut drawn = Vec::new();
    JpegEncoder::new_with_quality(&mut drawn, QUALITY).encode_image(&paper)?;
    Ok((drawn, "image/jpeg"))
}

/// What is transparent stays so, as a PNG; what has no such points is small as a JPEG.
fn as_it_is(picture: &DynamicImage) -> ImageResult<Drawn> {
    if !picture.color().has_alpha() {
        return on_paper(picture);
    }
    let mut drawn = Cursor::new(Vec::new());
    picture.to_rgba8().write_to(&mut drawn, ImageFormat::Png)?;
    Ok((drawn.into_inner(), "image/png"))
}

/// Puts a cover or preview beside a file. Pictures are drawn anew, small enough and without what a camera wrote into them.
pub async fn set_picture(store: &Store, staff: &Staff, id: FileId, slot: Slot, bytes: Vec<u8>, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::ManageFiles, slot.action(), audited(id), origin).await?;
    must_exist(store, id).await?;
    let kept = keep(store, tidy(slot, bytes).await?).await?;
    transaction!(store, deed, |connection| { place(store, &mut *connection, &deed, id, slot, Some(&kept)).await })
}

/// Stores what [`tidy`] gave.
pub(crate) async fn keep(store: &Store, (bytes, content_type): Drawn) -> Result<Kept> {
    Ok((storage::put_picture(store, bytes).await?, content_type))
}

/// Takes a cover or preview away.
pub async fn remove_picture(store: &Store, staff: &Staff, id: FileId, slot: Slot, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::ManageFiles, slot.action(), audited(id), origin).await?;
    transaction!(store, deed, |connection| { place(store, &mut *connection, &deed, id, slot, None).await })
}

/// Puts a picture that is kept, or none, into a file's slot.
pub(crate) async fn place(
    store: &Store,
    connection: &mut Connection,
    deed: &Deed<'_>,
    id: FileId,
    slot: Slot,
    picture: Option<&Kept>,
) -> Result<()> {
    let updated = sqlx::query(slot.sql())
        .bind(id.0)
        .bind(picture.map(|(etag, _)| etag.clone()))
        .bind(picture.map(|(_, content_type)| *content_type))
        .execute(&mut *connection)
        .await?;
    if updated.rows_affected() == 0 {
        return Err(Code::NotFound.into());
    }
    deed.did(store, connection, slot.action(), &audited(id), "ok").await
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    fn png(width: u32, height: u32, points: Rgba<u8>) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbaImage::from_pixel(width, height, points).write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[tokio::test]
    async fn covers_are_drawn_small_and_on_paper() {
        let (cover, content_type) = tidy(Slot::Cover, png(2400, 1200, Rgba([255, 0, 0, 0]))).await.unwrap();
        assert_eq!(content_type, "image/jpeg");
        let cover = image::load_from_memory(&cover).unwrap();
        assert_eq!((cover.width(), cover.height()), (960, 480));
        assert!(cover.to_rgb8().get_pixel(10, 10).0.iter().all(|colour| *colour > 250), "what is transparent is white");
        // A small one is not blown up.
        let (small, _) = tidy(Slot::Cover, png(32, 20, Rgba([0, 0, 255, 255]))).await.unwrap();
        assert_eq!(image::load_from_memory(&small).unwrap().width(), 32);
    }

    #[tokio::test]
    async fn nothing_of_the_camera_is_left() {
        // A JPEG with an EXIF segment that names a place and says: turn it by 90 degrees.
        let mut jpeg = Vec::new();
        JpegEncoder::new(&mut jpeg).encode_image(&RgbImage::from_pixel(40, 20, Rgb([9, 99, 9]))).unwrap();
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        exif.extend_from_slice(b"36.19N 44.01E");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let mut shot = jpeg[..2].to_vec();
        shot.extend_from_slice(&[0xFF, 0xE1]);
        shot.extend_from_slice(&length);
        shot.extend_from_slice(&exif);
        shot.extend_from_slice(&jpeg[2..]);
        let (cover, _) = tidy(Slot::Cover, shot).await.unwrap();
        assert!(!cover.windows(5).any(|piece| piece == b"36.19") && !cover.windows(4).any(|piece| piece == b"Exif"));
        let cover = image::load_from_memory(&cover).unwrap();
        assert_eq!((cover.width(), cover.height()), (20, 40), "it stands upright");
    }

    #[tokio::test]
    async fn a_logo_keeps_its_holes_and_nothing_else() {
        let mut wide = png(960, 96, Rgba([255, 0, 0, 0]));
        // A chunk of text behind the header, as drawing programs write it; its checksum is not looked at.
        wide.splice(33..33, *b"\0\0\0\x0dtEXtComment\x0036.19....");
        let (logo, content_type) = tidy_logo(wide, 1 << 17).await.unwrap();
        assert_eq!(content_type, "image/png");
        assert!(!logo.windows(5).any(|piece| piece == b"36.19"));
        let logo = image::load_from_memory(&logo).unwrap();
        assert_eq!((logo.width(), logo.height(), logo.to_rgba8().get_pixel(5, 5)[3]), (480, 48, 0));
        // Points that no compression makes fewer.
        let mut noise = Cursor::new(Vec::new());
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()
        };
        RgbaImage::from_fn(480, 288, |_, _| Rgba(next())).write_to(&mut noise, ImageFormat::Png).unwrap();
        let (small, _) = tidy_logo(noise.into_inner(), 1 << 17).await.unwrap();
        assert!(small.len() <= 1 << 17, "{}", small.len());
        let mut jpeg = Vec::new();
        JpegEncoder::new(&mut jpeg).encode_image(&RgbImage::from_pixel(40, 20, Rgb([9, 99, 9]))).unwrap();
        assert_eq!(tidy_logo(jpeg, 1 << 17).await.unwrap().1, "image/jpeg");
        let ruin = tidy_logo(b"\x89PNG\r\n\x1a\n and no more".to_vec(), 1 << 17).await.unwrap_err().problem();
        assert_eq!(ruin.of_field("logo"), Some(FieldCode::BrokenPicture));
    }

    #[tokio::test]
    async fn bombs_and_ruins_are_refused() {
        let refused = async |slot, bytes: Vec<u8>| tidy(slot, bytes).await.unwrap_err().problem().fields[0].code;
        // A header that promises 60,000 by 60,000 points, and nothing behind it.
        let mut bomb = png(1, 1, Rgba([0, 0, 0, 255]));
        bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
        assert!(matches!(refused(Slot::Cover, bomb).await, FieldCode::PictureSize | FieldCode::BrokenPicture));
        let mut ruin = png(300, 300, Rgba([1, 2, 3, 255]));
        ruin.truncate(ruin.len() / 2);
        assert_eq!(refused(Slot::Cover, ruin).await, FieldCode::BrokenPicture);
        assert_eq!(refused(Slot::Cover, b"%PDF-1.7".to_vec()).await, FieldCode::ContentType);
        assert_eq!(refused(Slot::Preview, b"MZ\x90\0".to_vec()).await, FieldCode::ContentType);
        assert_eq!(refused(Slot::Preview, Vec::new()).await, FieldCode::EmptyFile);
        assert_eq!(tidy(Slot::Preview, b"%PDF-1.7".to_vec()).await.unwrap().1, "application/pdf");
    }
}
