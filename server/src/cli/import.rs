//! Adds files that a manifest lists: from a folder (`khazna files import`), or from the program itself (`khazna demo`).

use std::{
    io,
    path::{Component, Path, PathBuf},
};

use futures::{Stream, StreamExt};
use include_dir::Dir;
use serde::Deserialize;
use shared::{
    Coins,
    api::{FileKind, admin::FileRequest},
    text::fold_digits,
};
use store::{
    Store, categories,
    files::{self, NewFile, Slot},
};
use tokio::io::AsyncReadExt;

use super::{Failure, describe, say};

/// The largest cover or preview that is read; what the store takes is less.
const MAX_PICTURE: u64 = 32 << 20;
/// How much of a file is read at once, in bytes.
const CHUNK: usize = 256 * 1024;

/// Where a manifest's files are.
#[derive(Clone)]
pub(super) enum Source {
    /// In a folder, whose real path this is.
    Folder(PathBuf),
    /// In the program.
    Program(&'static Dir<'static>),
}

/// A line of the manifest.
#[derive(Deserialize)]
struct Line {
    file: String,
    title: String,
    #[serde(default)]
    description: String,
    category: String,
    price: String,
    kind: String,
    #[serde(default)]
    cover: String,
    #[serde(default)]
    preview: String,
}

pub(super) async fn from_folder(store: &Store, folder: PathBuf, manifest: Option<PathBuf>) -> Result<(), Failure> {
    let cant_read = |path: &Path, error: io::Error| Failure::Other(format!("{}: {error}", path.display()));
    let root = folder.canonicalize().map_err(|error| cant_read(&folder, error))?;
    let manifest = manifest.unwrap_or_else(|| root.join("manifest.csv"));
    let text = std::fs::read(&manifest).map_err(|error| cant_read(&manifest, error))?;
    import(store, &Source::Folder(root), &text).await
}

/// Adds every file that can be added, and fails when some could not. What stands already is not added again, so that a manifest can be
/// corrected, or a broken import repeated, as it is.
pub(super) async fn import(store: &Store, source: &Source, manifest: &[u8]) -> Result<(), Failure> {
    // Spreadsheets write a byte order mark.
    let manifest = manifest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(manifest);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(manifest);
    let headers = reader.headers().map_err(|error| Failure::Other(format!("manifest: {error}")))?.clone();
    if let Some(missing) = ["file", "title", "category", "price", "kind"].iter().find(|name| !headers.iter().any(|header| header == **name))
    {
        return Err(Failure::Other(format!("manifest: the header has no column '{missing}'")));
    }
    let (mut added, mut bad) = (0, 0);
    for record in reader.records() {
        let line = record.as_ref().map_or_else(
            |error| error.position().map_or(0, csv::Position::line),
            |record| record.position().map_or(0, csv::Position::line),
        );
        let parsed = record.and_then(|record| record.deserialize::<Line>(Some(&headers))).map_err(|error| error.to_string());
        let done = match parsed {
            Ok(parsed) => add(store, source, &parsed).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => added += 1,
            Err(error) => {
                bad += 1;
                eprintln!("line {line}: {error}");
            }
        }
    }
    say(&format!("{added} files added."))?;
    if bad == 0 { Ok(()) } else { Err(Failure::Other(format!("{bad} lines of the manifest are bad"))) }
}

async fn add(store: &Store, source: &Source, line: &Line) -> Result<(), String> {
    // The store's rules too, but here they name what an operator may write.
    let price_coins: Coins = fold_digits(&line.price).parse().map_err(|_| format!("price: '{}' is no whole number", line.price))?;
    let kind: FileKind = line.kind.parse().map_err(|_| format!("kind: '{}' is none of pdf, code, tutorial, design, other", line.kind))?;
    let file_name = Path::new(&line.file).file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let mut pictures = Vec::new();
    for (slot, field, path) in [(Slot::Cover, "cover", &line.cover), (Slot::Preview, "preview", &line.preview)] {
        if !path.is_empty() {
            pictures.push((slot, picture(source, field, path).await?));
        }
    }
    let content = source.open(&line.file).await.map_err(|error| format!("file: {error}"))?;
    let category = categories::ensure(store, &line.category).await.map_err(|error| describe(&error))?;
    let about = FileRequest {
        title: line.title.clone(),
        description: line.description.clone(),
        category_id: category.0,
        price_coins,
        kind: kind.as_str().to_owned(),
    };
    if files::stands(store, &about).await.map_err(|error| describe(&error))? {
        return Err(format!("title: '{}' stands in this category already", about.title));
    }
    files::add(store, NewFile { about, file_name, pictures }, content).await.map_err(|error| describe(&error))?;
    Ok(())
}

async fn picture(source: &Source, field: &str, path: &str) -> Result<Vec<u8>, String> {
    let mut content = source.open(path).await.map_err(|error| format!("{field}: {error}"))?;
    let mut bytes = Vec::new();
    while let Some(chunk) = content.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| format!("{field}: {error}"))?);
        if bytes.len() as u64 > MAX_PICTURE {
            return Err(format!("{field}: '{path}' is too large"));
        }
    }
    Ok(bytes)
}

type Content = futures::stream::BoxStream<'static, io::Result<Vec<u8>>>;

impl Source {
    /// The bytes of a file below the source. A path that leads out of it is refused, by links too.
    async fn open(&self, path: &str) -> Result<Content, String> {
        let relative = Path::new(path);
        let plain =
            !path.is_empty() && !path.contains(['\\', '\0']) && relative.components().all(|part| matches!(part, Component::Normal(_)));
        if !plain {
            return Err(format!("'{path}' is no path below the folder"));
        }
        let failed = |error: io::Error| format!("'{path}': {error}");
        match self {
            Self::Folder(root) => {
                let real = tokio::fs::canonicalize(root.join(relative)).await.map_err(failed)?;
                if !real.starts_with(root) {
                    return Err(format!("'{path}' leads out of the folder"));
                }
                let file = tokio::fs::File::open(&real).await.map_err(failed)?;
                if !file.metadata().await.map_err(failed)?.is_file() {
                    return Err(format!("'{path}' is no file"));
                }
                Ok(chunks(file).boxed())
            }
            Self::Program(files) => {
                let file = files.get_file(relative).ok_or_else(|| format!("'{path}' is not there"))?;
                let pieces = file.contents().chunks(CHUNK).map(|piece| Ok(piece.to_vec()));
                Ok(futures::stream::iter(pieces).boxed())
            }
        }
    }
}

fn chunks(file: tokio::fs::File) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static {
    futures::stream::try_unfold(file, async |mut file| {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok((read > 0).then_some((chunk, file)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stays_in_its_folder() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "x").unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("inside"), "x").unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        let source = Source::Folder(folder.path().canonicalize().unwrap());
        assert!(source.open("inside").await.is_ok());
        let absolute = outside.path().join("secret").display().to_string();
        for path in ["", "..", "../x", "sub/../inside", "sub", "/etc/passwd", "./../inside", "a\0b", "..\\x", &absolute] {
            assert!(source.open(path).await.is_err(), "{path}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outside.path().join("secret"), folder.path().join("link")).unwrap();
            assert!(source.open("link").await.is_err());
        }
    }
}
