//! Owns the small pictures of uploaded images. Decoding strangers' files is the most dangerous thing the server does,
//! so it happens one image at a time, within limits of pixels, memory and waiting; whatever goes wrong only means that
//! there is no small picture.

use image::{
    DynamicImage, ImageBuffer, ImageDecoder, ImageReader, Limits, Rgb, RgbImage, codecs::jpeg::JpegEncoder,
    metadata::Orientation,
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Type of every thumbnail.
pub const THUMBNAIL_MEDIA_TYPE: &str = "image/jpeg";
/// A thumbnail is at most this wide and this high, in pixels.
pub const MAX_THUMBNAIL_EDGE: u32 = 640;
/// Larger images are not decoded.
pub const MAX_PIXELS: u64 = 40_000_000;

const MAX_ALLOC_BYTES: u64 = 256 * 1024 * 1024;
const JPEG_QUALITY: u8 = 80;
/// An upload waits no longer than this for its small picture, its turn included.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is known of an image after it was decoded once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Pixels of the original as it is shown, turned as its camera says.
    pub width: u32,
    pub height: u32,
    /// The small picture, as JPEG on white, without the original's metadata.
    pub thumbnail: Vec<u8>,
}

/// Makes previews, one at a time. Cheap to clone.
#[derive(Clone)]
pub struct Thumbnailer {
    turn: Arc<Semaphore>,
}

impl Default for Thumbnailer {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)) }
    }
}

impl Thumbnailer {
    /// The preview of the PNG, JPEG, GIF (first frame) or WebP file at `path`. `None` if it is none of these, broken,
    /// too large to decode, or if it takes too long.
    pub async fn preview(&self, path: PathBuf) -> Option<Preview> {
        self.contained(move || preview(&path).ok()).await
    }

    async fn contained<T: Send + 'static>(&self, job: impl FnOnce() -> Option<T> + Send + 'static) -> Option<T> {
        let turn = Arc::clone(&self.turn);
        let work = async {
            let permit = turn.acquire_owned().await.ok()?;
            // The permit goes along: a job that nobody waits for any more still counts. A panic ends in the join error.
            let job = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                job()
            });
            job.await.ok().flatten()
        };
        tokio::time::timeout(PATIENCE, work).await.ok().flatten()
    }
}

fn preview(path: &std::path::Path) -> image::ImageResult<Preview> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_ALLOC_BYTES);
    let mut reader = ImageReader::open(path)?.with_guessed_format()?;
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;

    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(image::ImageError::Limits(image::error::LimitError::from_kind(
            image::error::LimitErrorKind::DimensionError,
        )));
    }
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);

    let original = DynamicImage::from_decoder(decoder)?;
    let is_small = width.max(height) <= MAX_THUMBNAIL_EDGE;
    let mut small = if is_small { original } else { original.thumbnail(MAX_THUMBNAIL_EDGE, MAX_THUMBNAIL_EDGE) };
    small.apply_orientation(orientation);

    let mut thumbnail = Vec::new();
    JpegEncoder::new_with_quality(&mut thumbnail, JPEG_QUALITY).encode_image(&on_white(&small))?;
    let (width, height) = if is_sideways(orientation) { (height, width) } else { (width, height) };
    Ok(Preview { width, height, thumbnail })
}

fn is_sideways(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}

fn on_white(image: &DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.to_rgb8();
    }
    let pixels = image.to_rgba8();
    ImageBuffer::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [r, g, b, alpha] = pixels.get_pixel(x, y).0.map(u16::from);
        let mix = |channel: u16| ((channel * alpha + 255 * (255 - alpha)) / 255) as u8;
        Rgb([mix(r), mix(g), mix(b)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageEncoder, ImageFormat, Rgba, RgbaImage};
    use std::io::Cursor;

    async fn preview_of(bytes: &[u8]) -> Option<Preview> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Thumbnailer::default().preview(file.path().to_owned()).await
    }

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn decoded(preview: &Preview) -> RgbImage {
        image::load_from_memory_with_format(&preview.thumbnail, ImageFormat::Jpeg).unwrap().to_rgb8()
    }

    fn is_near(pixel: &Rgb<u8>, expected: [u8; 3]) -> bool {
        pixel.0.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 24)
    }

    #[tokio::test]
    async fn large_images_shrink_and_small_ones_stay() {
        let table = [(1600, 800, 640, 320), (800, 1600, 320, 640), (640, 640, 640, 640), (30, 20, 30, 20)];
        for (width, height, small_width, small_height) in table {
            let image = DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, Rgb([10, 200, 30])));
            for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
                let preview = preview_of(&encoded(&image, format)).await.unwrap();
                assert_eq!((preview.width, preview.height), (width, height), "{format:?}");
                let small = decoded(&preview);
                assert_eq!(small.dimensions(), (small_width, small_height), "{format:?}");
                assert!(is_near(small.get_pixel(5, 5), [10, 200, 30]), "{format:?}");
            }
        }
    }

    #[tokio::test]
    async fn transparent_becomes_white() {
        let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(16, 16, Rgba([0, 0, 0, 0])));
        let preview = preview_of(&encoded(&clear, ImageFormat::Png)).await.unwrap();
        assert!(is_near(decoded(&preview).get_pixel(8, 8), [255, 255, 255]));
    }

    #[tokio::test]
    async fn the_camera_says_what_is_up() {
        // Left half red, right half blue; orientation 6 turns it clockwise, so red comes up.
        let image = RgbImage::from_fn(64, 32, |x, _| if x < 32 { Rgb([250, 0, 0]) } else { Rgb([0, 0, 250]) });
        let mut exif = b"II*\0\x08\0\0\0\x01\0".to_vec();
        exif.extend_from_slice(&[0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new(&mut bytes);
        encoder.set_exif_metadata(exif).unwrap();
        encoder.encode_image(&image).unwrap();

        let preview = preview_of(&bytes).await.unwrap();
        assert_eq!((preview.width, preview.height), (32, 64));
        let small = decoded(&preview);
        assert_eq!(small.dimensions(), (32, 64));
        assert!(is_near(small.get_pixel(16, 8), [250, 0, 0]));
        assert!(is_near(small.get_pixel(16, 56), [0, 0, 250]));
        assert!(!preview.thumbnail.windows(4).any(|window| window == b"Exif"));
    }

    #[tokio::test]
    async fn bombs_and_rubbish_have_no_preview() {
        for (width, height) in [(60_000_u16, 60_000_u16), (60_000, 700)] {
            let rest = [0, 0, 0, b',', 0, 0, 0, 0, 1, 0, 1, 0, 0, 2];
            let giant = [b"GIF89a", &width.to_le_bytes()[..], &height.to_le_bytes(), &rest];
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), giant.concat()).unwrap();
            let refused = preview(file.path()).unwrap_err();
            assert!(matches!(refused, image::ImageError::Limits(_)), "told by the header: {refused}");
        }

        let whole = encoded(&DynamicImage::ImageRgb8(RgbImage::new(200, 200)), ImageFormat::Png);
        assert_eq!(preview_of(&whole[..whole.len() / 2]).await, None);
        assert_eq!(preview_of(b"\x89PNG\r\n\x1a\nnot really").await, None);
        assert_eq!(preview_of(b"").await, None);
        assert_eq!(preview_of(b"<svg width='10' height='10'/>").await, None);
        assert_eq!(Thumbnailer::default().preview("/nowhere".into()).await, None);
    }

    #[tokio::test]
    async fn a_panic_ends_one_preview_and_not_the_next() {
        let thumbnailer = Thumbnailer::default();
        assert_eq!(thumbnailer.contained::<()>(|| panic!("a decoder's fault")).await, None);
        assert_eq!(thumbnailer.contained(|| Some(1)).await, Some(1));
    }
}
