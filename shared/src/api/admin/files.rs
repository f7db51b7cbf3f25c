//! The catalog in the staff's hands: files, categories, and uploads on their way.

use serde::{Deserialize, Serialize};

use crate::{CategoryId, Coins, FieldError, FileId, Instant, VersionId, api::FileKind};

requests! {
    /// What the staff says of a file: all of it, when it is made and when it is changed.
    FileRequest {
        /// 1 to 200 characters.
        title: String,
        /// Up to 5000 characters.
        #[serde(default)] description: String,
        /// The category's id.
        category_id: i64,
        /// Price in coins, from 0.
        price_coins: i64,
        /// `pdf`, `code`, `tutorial`, `design` or `other`.
        kind: String,
    }
    /// A category's name.
    CategoryRequest {
        /// 1 to 100 characters.
        name: String,
    }
    /// Where a category stands.
    PositionRequest {
        /// Its place, from 0; beyond the last one is the last one.
        position: i64,
    }
    /// Files to make from a table.
    TableRequest {
        /// CSV whose first line names the columns `title`, `category`, `price`, and `description` and `kind` where there are any.
        table: String,
    }
    /// An upload to begin.
    UploadRequest {
        /// The file that it is a content of.
        file_id: i64,
        /// The content's name as customers save it: 1 to 150 characters, no path.
        file_name: String,
        /// Its size in bytes.
        length: i64,
        /// What changed, for those who bought an earlier version; up to 1000 characters.
        #[serde(default)] note: String,
        /// Tells this content from others of its name and size: whoever asks again with the same words goes on where they stopped.
        #[serde(default)] fingerprint: String,
    }
}

responses! {
    /// A file as the staff sees it.
    StockFile {
        /// Its id.
        id: FileId,
        /// Its title.
        title: String,
        /// What it is.
        description: String,
        /// Its category.
        category_id: CategoryId,
        /// Its category's name.
        category_name: String,
        /// Price in coins.
        price_coins: Coins,
        /// What kind of file it is.
        kind: FileKind,
        /// Whether customers see it.
        state: FileState,
        /// Address of its cover; null when the store draws one.
        cover_url: Option<String>,
        /// Address of its free preview.
        preview_url: Option<String>,
        /// How many customers bought it.
        sales_count: i64,
        /// Its current content; null while it has none.
        version: Option<Version>,
        /// When it was made.
        created_at: Instant,
        /// When it last changed.
        updated_at: Instant,
    }
    /// A page of files, the newest first.
    StockFiles {
        /// The files.
        results: Vec<StockFile>,
        /// Where the next page begins, if there is one.
        next_cursor: Option<i64>,
    }
    /// One version of a file's content.
    Version {
        /// Its id.
        id: VersionId,
        /// Its number, from 1.
        number: i64,
        /// Its name as customers save it.
        file_name: String,
        /// Its media type.
        content_type: String,
        /// Its size in bytes.
        size_bytes: i64,
        /// Its SHA-256 in hexadecimal.
        sha256: String,
        /// What changed.
        note: String,
        /// When it was added.
        created_at: Instant,
    }
    /// Something that was made.
    NewFile {
        /// The file.
        id: FileId,
    }
    /// What became of a table.
    TableReport {
        /// Drafts that were made.
        made: i64,
        /// Lines that were not taken.
        refused: Vec<RefusedLine>,
    }
    /// A line of a table that was not taken.
    RefusedLine {
        /// Its number, as the spreadsheet counts.
        line: i64,
        /// The title in it.
        title: String,
        /// Which rules it broke.
        errors: Vec<FieldError>,
    }
    /// A category that was made.
    NewCategory {
        /// The category.
        id: CategoryId,
    }
    /// A version that was added.
    NewVersion {
        /// The version.
        id: VersionId,
    }
    /// A category as the staff sees it.
    Shelf {
        /// Its id.
        id: CategoryId,
        /// Its name.
        name: String,
        /// Published files in it.
        files_count: i64,
        /// Whether nothing refers to it, so that it can be deleted.
        empty: bool,
    }
    /// An upload on its way (in the shape of tus 1.0): `HEAD` tells how far it is, `PATCH` goes on from there.
    Upload {
        /// Its id: 32 hexadecimal digits.
        id: String,
        /// The file that it is a content of.
        file_id: FileId,
        /// The content's name.
        file_name: String,
        /// Its size in bytes.
        length: i64,
        /// Bytes that have arrived.
        received: i64,
        /// What tells it from others of its name and size.
        fingerprint: String,
        /// What changed.
        note: String,
        /// When it began.
        created_at: Instant,
        /// When it is given up unless it goes on.
        expires_at: Instant,
        /// The version that it became, once all of it is there.
        version_id: Option<VersionId>,
    }
}

words! {
    /// Whether customers see a file.
    FileState {
        /// They do.
        Published = "published",
        /// They don't, though it has a content.
        Hidden = "hidden",
        /// They can't: it has no content yet.
        Draft = "draft",
    }
}
