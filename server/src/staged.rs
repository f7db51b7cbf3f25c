//! What a server that was killed in the middle of a write leaves in the files' folder: `object_store` writes beside a file's place, under
//! its name with `#` and a number, and renames it once it is whole. Nobody asks for such a name, and nothing else would ever remove it.

use std::{fs, io, path::Path, time::UNIX_EPOCH};

use shared::{Instant, ms};

/// A write that another server is at is younger than this, in milliseconds: an upload's piece ends or breaks off within minutes.
const DEAD: i64 = ms::DAY;

/// Removes what was written last more than a day before `now`, and tells how many files that were.
pub(crate) fn sweep(folder: &Path, now: Instant) -> io::Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        match sweep_entry(&entry?, now) {
            // Renamed or removed by whoever is at it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            swept => removed += swept?,
        }
    }
    Ok(removed)
}

fn sweep_entry(entry: &fs::DirEntry, now: Instant) -> io::Result<u64> {
    let about = entry.metadata()?;
    if about.is_dir() {
        return sweep(&entry.path(), now);
    }
    let written = about.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    if now.0.saturating_sub(written) > DEAD && is_staged(&entry.file_name().to_string_lossy()) {
        fs::remove_file(entry.path())?;
        return Ok(1);
    }
    Ok(0)
}

fn is_staged(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_what_was_left_long_ago_goes() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("versions");
        fs::create_dir(&below).unwrap();
        let now = Instant(1_900_000_000_000);
        for (name, age) in [("a#1", DEAD + 1), ("b#12", DEAD), ("c", 2 * DEAD), ("d#", 2 * DEAD), ("e#1.txt", 2 * DEAD)] {
            let written = UNIX_EPOCH + Duration::from_millis((now.0 - age).unsigned_abs());
            fs::File::create(below.join(name)).unwrap().set_modified(written).unwrap();
        }
        assert_eq!(sweep(folder.path(), now).unwrap(), 1);
        let mut kept: Vec<_> = fs::read_dir(&below).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        kept.sort_unstable();
        assert_eq!(kept, ["b#12", "c", "d#", "e#1.txt"]);
    }
}
