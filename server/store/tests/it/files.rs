use std::{future::pending, io};

use futures::{StreamExt, stream};
use shared::{
    Code, FieldCode, FileId, Notice,
    api::{
        FileSort, Role,
        admin::{AuditFilter, CategoryRequest, FileRequest, FileState, SettingsRequest},
    },
    ms,
};
use store::{Staff, audit, catalog, categories, cleanup, codes, files, imports, notifications, sales, settings, subscriptions};
use tokio::sync::oneshot;

use crate::{
    on_both,
    world::{CONTENT, World, bytes, code},
};

fn about(title: &str, category_id: i64) -> FileRequest {
    FileRequest { title: title.to_owned(), description: "وصف".to_owned(), category_id, price_coins: 30, kind: "other".to_owned() }
}

/// One point of red.
pub const PNG: [u8; 69] = [
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0, 144, 119, 83, 222, 0, 0, 0, 12,
    73, 68, 65, 84, 120, 156, 99, 248, 207, 192, 0, 0, 3, 1, 1, 0, 201, 254, 146, 239, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];

async fn category(world: &World, staff: &Staff, name: &str) -> i64 {
    categories::create(&world.store, staff, &CategoryRequest { name: name.to_owned() }, &world.origin()).await.unwrap().0
}

async fn listed(world: &World, staff: &Staff, text: &str, state: Option<FileState>) -> Vec<String> {
    let query = files::Query { text: text.to_owned(), state, ..files::Query::default() };
    files::list(&world.store, staff, &query).await.unwrap().results.into_iter().map(|file| file.title).collect()
}

/// What customers find: how many files, and how many the categories say there are.
async fn seen(world: &World, text: &str) -> (usize, i64) {
    let query = catalog::Query { text: text.to_owned(), category: None, kind: None, sort: FileSort::Newest, page: 1, per_page: 50 };
    let found = catalog::search(&world.store, &query, None).await.unwrap().items.len();
    let counted = catalog::categories(&world.store).await.unwrap().iter().map(|category| category.files_count).sum();
    (found, counted)
}

async fn add_content(world: &World, staff: &Staff, id: FileId) {
    files::add_content(&world.store, staff, id, "كتاب.txt", "", bytes(CONTENT), &world.origin()).await.unwrap();
}

on_both!(a_draft_becomes_a_file, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let shelf = category(world, owner, "شبكات").await;
    let id = files::create(store, owner, &about("دليل الشبكات", shelf), origin).await.unwrap();
    assert_eq!(files::get(store, owner, id).await.unwrap().state, FileState::Draft);
    assert_eq!((seen(world, "").await, listed(world, owner, "الشَبكات", Some(FileState::Draft)).await.len()), ((0, 0), 1));
    let customer = world.activated(1).await;
    assert_eq!(code(catalog::get(store, id, Some(customer.id)).await), Code::NotFound);
    assert_eq!(code(sales::purchase(store, &customer, id, None, origin).await), Code::NotFound);
    assert_eq!(code(files::set_published(store, owner, id, true, origin).await), Code::NoContent);

    add_content(world, owner, id).await;
    assert_eq!(files::get(store, owner, id).await.unwrap().state, FileState::Hidden);
    assert_eq!(code(sales::purchase(store, &customer, id, None, origin).await), Code::NotFound, "what is hidden is not sold");
    for _ in 0..2 {
        files::set_published(store, owner, id, true, origin).await.unwrap();
        assert_eq!(seen(world, "شبكات").await, (1, 1), "publishing twice is publishing once");
    }
    world.bought(&customer, id).await;

    files::edit(store, owner, id, &FileRequest { price_coins: 5, ..about("دليل البروتوكولات", shelf) }, origin).await.unwrap();
    assert_eq!((seen(world, "البروتوكولات").await.0, seen(world, "دليل شبكات").await.0), (1, 1), "the category's name is searched too");
    assert_eq!(listed(world, owner, "البروتوكولات", None).await, ["دليل البروتوكولات"]);
    for _ in 0..2 {
        files::set_published(store, owner, id, false, origin).await.unwrap();
        assert_eq!(seen(world, "").await, (0, 0));
    }
    assert!(catalog::get(store, id, Some(customer.id)).await.is_ok(), "who bought it has it still");
    assert_eq!(
        world
            .count(
                "SELECT COUNT(*) FROM audit_log WHERE action IN ('file.create', 'file.publish', 'file.hide', 'file.edit', 'file.version')
                 AND outcome <> 'no_content'"
            )
            .await,
        5
    );
});

on_both!(a_new_version_reaches_those_who_bought, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let file = world.file("دليل", 10).await;
    let customer = world.activated(1).await;
    world.bought(&customer, file).await;
    files::add_content(store, owner, file, "دليل 2.txt", "فصل جديد", bytes(b"second"), origin).await.unwrap();
    let told = notifications::list(store, &customer, 50).await.unwrap();
    assert!(told.iter().any(|told| matches!(&told.notice, Notice::NewVersion { note, .. } if note == "فصل جديد")));
    assert_eq!(sales::mine(store, &customer).await.unwrap()[0].downloads_left, 6);
    let versions = files::versions(store, owner, file).await.unwrap();
    assert_eq!(versions.iter().map(|version| version.number).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(versions[0].size_bytes, 6);
});

on_both!(what_is_written_keeps_its_rules, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let shelf = category(world, owner, "كتب").await;
    let broken =
        FileRequest { title: " ".to_owned(), description: "ا".repeat(5001), price_coins: -1, kind: "film".to_owned(), category_id: shelf };
    let problem = files::create(store, owner, &broken, origin).await.unwrap_err().problem();
    let mut fields: Vec<_> = problem.fields.iter().map(|field| (field.field.as_str(), field.code)).collect();
    fields.sort_unstable_by_key(|(field, _)| *field);
    assert_eq!(
        fields,
        [
            ("description", FieldCode::TooLong),
            ("kind", FieldCode::Format),
            ("price_coins", FieldCode::Range),
            ("title", FieldCode::Required)
        ]
    );
    let nowhere = files::create(store, owner, &about("كتاب", shelf + 100), origin).await.unwrap_err().problem();
    assert_eq!(nowhere.of_field("category_id"), Some(FieldCode::Format));
    assert_eq!(code(files::edit(store, owner, FileId(9_999), &about("كتاب", shelf), origin).await), Code::NotFound);
    let id = files::create(store, owner, &about("كتاب", shelf), origin).await.unwrap();
    for name in ["../../etc/passwd", "a/b.txt", "a\\b.txt", ".hidden", "", " ", "a\0.txt", "a\u{202E}txt.exe", &"ن".repeat(151)] {
        let refused = files::add_content(store, owner, id, name, "", bytes(b"x"), origin).await.unwrap_err().problem();
        assert!(refused.of_field("file_name").is_some(), "{name:?}");
    }
    let wrong = files::add_content(store, owner, id, "كتاب.pdf", "", bytes(b"MZ no document"), origin).await.unwrap_err().problem();
    assert_eq!(wrong.of_field("file"), Some(FieldCode::ContentType));
    let empty = files::add_content(store, owner, id, "كتاب.txt", "", bytes(b""), origin).await.unwrap_err().problem();
    assert_eq!(empty.of_field("file"), Some(FieldCode::EmptyFile));
    assert_eq!(world.stored().await, Vec::<String>::new(), "nothing is left of what was refused");
});

on_both!(a_name_is_one_line, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let shelf = category(world, owner, "كتب").await;
    let refused = |error: store::Error, field: &str| assert_eq!(error.problem().of_field(field), Some(FieldCode::Format), "{field}");
    for two in ["first\nsecond", "first\r\nsecond", "first\u{2028}second"] {
        refused(files::create(store, owner, &about(two, shelf), origin).await.unwrap_err(), "title");
        let request = CategoryRequest { name: two.to_owned() };
        refused(categories::create(store, owner, &request, origin).await.unwrap_err(), "name");
        let batch = codes::NewBatch { value: 5, count: 1, label: two.to_owned(), reseller: two.to_owned(), expires_at: None };
        let error = codes::make(store, owner, &batch, origin).await.unwrap_err();
        assert_eq!(error.problem().of_field("reseller"), Some(FieldCode::Format));
        refused(error, "label");
        let package = subscriptions::NewPackage {
            name: two.to_owned(),
            description: String::new(),
            price: 5,
            days: 30,
            files: 1,
            categories: Vec::new(),
        };
        refused(subscriptions::offer(store, owner, &package, origin).await.unwrap_err(), "name");
        let shop = SettingsRequest { shop_name: Some(two.to_owned()), ..SettingsRequest::default() };
        refused(settings::change(store, owner, &shop, origin).await.unwrap_err(), "shop_name");
    }
    // What is told of it may have lines, however they were sent.
    let lines = FileRequest { description: " first\r\nsecond ".to_owned(), ..about("كتاب", shelf) };
    let id = files::create(store, owner, &lines, origin).await.unwrap();
    files::add_content(store, owner, id, "كتاب.txt", "first\r\nsecond\r\n", bytes(CONTENT), origin).await.unwrap();
    let file = files::get(store, owner, id).await.unwrap();
    assert_eq!((file.description.as_str(), file.version.unwrap().note.as_str()), ("first\nsecond", "first\nsecond"));
});

on_both!(the_operator_adds_whole_files, |world| {
    let store = &world.store;
    let shelf = categories::ensure(store, " كتب ").await.unwrap();
    assert_eq!(categories::ensure(store, "كتب").await.unwrap(), shelf, "there is one of that name");
    let new = |cover: &[u8]| files::NewFile {
        about: about("كتاب", shelf.0),
        file_name: "كتاب.txt".to_owned(),
        pictures: vec![(files::Slot::Cover, cover.to_vec()), (files::Slot::Preview, b"%PDF-1.7 pages".to_vec())],
    };
    let ruin = files::add(store, new(&PNG[..40]), bytes(CONTENT)).await.unwrap_err().problem();
    assert_eq!(ruin.of_field("cover"), Some(FieldCode::BrokenPicture));
    assert_eq!((seen(world, "").await, world.stored().await.len()), ((0, 0), 0), "all of it or nothing");

    let id = files::add(store, new(&PNG), bytes(CONTENT)).await.unwrap();
    assert_eq!(seen(world, "كتاب").await, (1, 1), "customers see it at once");
    assert_eq!(catalog::cover(store, id, "").await.unwrap().content_type, "image/jpeg");
    assert_eq!(catalog::preview(store, id, "").await.unwrap().content_type, "application/pdf");
    let owner = &world.owner().await;
    let filter = AuditFilter { actor: "operator".to_owned(), ip: "console".to_owned(), ..AuditFilter::default() };
    let logged: Vec<_> = audit::list(store, owner, &filter).await.unwrap().results.into_iter().map(|entry| entry.action).collect();
    let done = ["file.publish", "file.preview", "file.cover", "file.version", "file.create", "category.create"];
    assert_eq!(logged.iter().filter(|action| *action != "staff.create").collect::<Vec<_>>(), done.iter().collect::<Vec<_>>());
});

on_both!(categories_are_kept_in_order, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let mut ids = Vec::new();
    for name in ["أ", "ب", "ج"] {
        ids.push(shared::CategoryId(category(world, owner, name).await));
    }
    let order = async || categories::list(store, owner).await.unwrap().into_iter().map(|shelf| shelf.name).collect::<String>();
    categories::place(store, owner, ids[2], 0, origin).await.unwrap();
    assert_eq!(order().await, "جأب");
    categories::place(store, owner, ids[2], 99, origin).await.unwrap();
    assert_eq!(order().await, "أبج");
    categories::place(store, owner, ids[1], -5, origin).await.unwrap();
    assert_eq!(order().await, "بأج");
    let taken = categories::create(store, owner, &CategoryRequest { name: " أ ".to_owned() }, origin).await.unwrap_err().problem();
    assert_eq!(taken.of_field("name"), Some(FieldCode::Taken));
    let taken = categories::rename(store, owner, ids[0], &CategoryRequest { name: "ب".to_owned() }, origin).await.unwrap_err().problem();
    assert_eq!(taken.of_field("name"), Some(FieldCode::Taken));

    let file = files::create(store, owner, &about("كتاب", ids[0].0), origin).await.unwrap();
    add_content(world, owner, file).await;
    files::set_published(store, owner, file, true, origin).await.unwrap();
    assert_eq!(code(categories::delete(store, owner, ids[0], origin).await), Code::CategoryInUse);
    categories::rename(store, owner, ids[0], &CategoryRequest { name: "هندسة".to_owned() }, origin).await.unwrap();
    assert_eq!((seen(world, "هندسه").await, listed(world, owner, "هندسة", None).await.len()), ((1, 1), 1));

    // The file moves, and its number with it; the empty category may go.
    files::edit(store, owner, file, &about("كتاب", ids[2].0), origin).await.unwrap();
    let shelves = categories::list(store, owner).await.unwrap();
    let of = |id| shelves.iter().find(|shelf| shelf.id == id).map(|shelf| (shelf.files_count, shelf.empty)).unwrap();
    assert_eq!((of(ids[0]), of(ids[2])), ((0, true), (1, false)));
    categories::delete(store, owner, ids[0], origin).await.unwrap();
    assert_eq!(code(categories::delete(store, owner, ids[0], origin).await), Code::NotFound);
    assert_eq!(order().await, "بج");
});

on_both!(a_content_that_became_no_version_is_swept, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let shelf = category(world, owner, "شبكات").await;
    let id = files::create(store, owner, &about("دليل", shelf), origin).await.unwrap();
    let loose = async || world.count("SELECT COUNT(*) FROM loose_contents").await;

    // A rule that it breaks, and a line that is cut: nothing is left at once.
    assert!(files::add_content(store, owner, id, "كتاب.pdf", "", bytes(b"MZ no document"), origin).await.is_err());
    let cut = bytes(CONTENT).chain(stream::iter([Err(io::Error::from(io::ErrorKind::ConnectionReset))]));
    assert!(files::add_content(store, owner, id, "كتاب.txt", "", cut, origin).await.is_err());
    assert_eq!((world.stored().await.len(), loose().await), (0, 0));

    // The database fails when the content is stored, and can't be asked what became of it.
    let add = async || files::add_content(store, owner, id, "كتاب.txt", "", bytes(CONTENT), origin).await;
    world.sql("ALTER TABLE versions RENAME TO away").await.unwrap();
    assert!(add().await.unwrap_err().is_fault());
    world.sql("ALTER TABLE away RENAME TO versions").await.unwrap();
    assert_eq!((world.stored().await.len(), loose().await), (1, 1));
    // The server is killed in the middle of another.
    let (arrived, all_arrived) = oneshot::channel();
    let endless = bytes(CONTENT).chain(stream::once(async move {
        arrived.send(()).unwrap();
        pending().await
    }));
    tokio::select! {
        _ = files::add_content(store, owner, id, "كتاب.txt", "", endless, origin) => unreachable!("it never ends"),
        killed = all_arrived => killed.unwrap(),
    }
    let version = add().await.unwrap();
    assert_eq!((world.stored().await.len(), loose().await), (2, 2), "the version's content is loose no more");

    cleanup::sweep(store).await.unwrap();
    assert_eq!((world.stored().await.len(), loose().await), (1, 1), "what was given up goes, what may be on its way stays");
    world.clock.advance(25 * ms::HOUR);
    cleanup::sweep(store).await.unwrap();
    assert_eq!((world.stored().await.len(), loose().await), (1, 0));
    assert_eq!(files::get(store, owner, id).await.unwrap().version.unwrap().id, version);

    // The word of a commit was lost: what a version names stays.
    world.sql("INSERT INTO loose_contents (storage_key, since) SELECT storage_key, 0 FROM versions").await.unwrap();
    cleanup::sweep(store).await.unwrap();
    assert_eq!((world.stored().await.len(), loose().await), (1, 0));

    // One that is swept on its way becomes no version, and leaves nothing.
    let (clock, sweeping) = (world.clock.clone(), store.clone());
    let late = bytes(CONTENT).chain(stream::once(async move {
        clock.advance(25 * ms::HOUR);
        cleanup::sweep(&sweeping).await.unwrap();
        Ok(b"!".to_vec())
    }));
    assert_eq!(code(files::add_content(store, owner, id, "كتاب.txt", "", late, origin).await), Code::UploadConflict);
    assert_eq!((world.stored().await.len(), loose().await), (1, 0));
});

on_both!(the_list_is_paged_and_filtered, |world| {
    let owner = &world.owner().await;
    let other = shared::CategoryId(category(world, owner, "تصميم").await);
    for index in 0..60 {
        if index % 6 == 0 {
            files::create(&world.store, owner, &about(&format!("مسودة {index}"), other.0), &world.origin()).await.unwrap();
        } else {
            world.file(&format!("ملف {index}"), index).await;
        }
    }
    let (mut cursor, mut found) = (None, Vec::new());
    loop {
        let page = files::list(&world.store, owner, &files::Query { cursor, ..files::Query::default() }).await.unwrap();
        found.extend(page.results.iter().map(|file| file.id.0));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), 60);
    assert!(found.is_sorted_by(|one, next| one > next), "the newest first, none twice");
    let query = files::Query { category: Some(other), state: Some(FileState::Draft), ..files::Query::default() };
    assert_eq!(files::list(&world.store, owner, &query).await.unwrap().results.len(), 10);
    let query = files::Query { category: Some(other), state: Some(FileState::Published), ..files::Query::default() };
    assert!(files::list(&world.store, owner, &query).await.unwrap().results.is_empty());
    assert_eq!(listed(world, owner, "مسوده", Some(FileState::Draft)).await.len(), 10);
    assert_eq!(listed(world, owner, "\" OR 1=1", None).await.len(), 0);
});

on_both!(pictures_are_drawn_anew, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let file = world.file("كتاب", 1).await;
    files::set_picture(store, owner, file, files::Slot::Cover, PNG.to_vec(), origin).await.unwrap();
    assert_eq!(catalog::cover(store, file, "").await.unwrap().content_type, "image/jpeg");
    files::set_picture(store, owner, file, files::Slot::Preview, b"%PDF-1.7 pages".to_vec(), origin).await.unwrap();
    assert_eq!(catalog::preview(store, file, "").await.unwrap().content_type, "application/pdf");
    let wrong = files::set_picture(store, owner, file, files::Slot::Cover, b"<svg onload=alert(1)>".to_vec(), origin).await;
    assert_eq!(wrong.unwrap_err().problem().of_field("cover"), Some(FieldCode::ContentType));
    files::remove_picture(store, owner, file, files::Slot::Preview, origin).await.unwrap();
    assert_eq!(code(catalog::preview(store, file, "").await.map(|_| ())), Code::NotFound);
    assert_eq!(code(files::set_picture(store, owner, FileId(9_999), files::Slot::Cover, PNG.to_vec(), origin).await), Code::NotFound);
});

on_both!(a_table_becomes_drafts, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let table = "\u{FEFF}العنوان;القسم;السعر;النوع\r\nدليل الشبكات;شبكات;٢٥;pdf\r\n;شبكات;5;pdf\r\n\"كتاب; في جزأين\";كتب;3;\r\nلا سعر;كتب;كثير;film\r\n";
    let report = imports::import(store, owner, table, None, origin).await.unwrap();
    assert_eq!(report.made, 2);
    let refused: Vec<_> = report.refused.iter().map(|line| (line.line, line.title.as_str(), line.errors.len())).collect();
    assert_eq!(refused, [(3, "", 1), (5, "لا سعر", 2)]);
    assert_eq!(listed(world, owner, "", Some(FileState::Draft)).await, ["كتاب; في جزأين", "دليل الشبكات"]);
    assert_eq!(seen(world, "").await, (0, 0), "customers see none of them yet");
    for broken in ["", "title,price\na,1", "nonsense"] {
        assert!(imports::import(store, owner, broken, None, origin).await.unwrap_err().problem().of_field("table").is_some(), "{broken:?}");
    }
    let english = imports::import(store, owner, "title,description,category,price,kind\nBook,\"Two\nlines\",Books,0,OTHER\n", None, origin)
        .await
        .unwrap();
    assert_eq!((english.made, english.refused.len()), (1, 0));
});

on_both!(a_table_is_taken_once, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let table = "title,category,price\nFirst,Books,1\nSecond,Books,2\nThird,\"Two\nlines\",3\nFourth,Maps,4\n";
    let first = imports::import(store, owner, table, Some("press"), origin).await.unwrap();
    assert_eq!(first.made, 3);
    let refused: Vec<_> =
        first.refused.iter().map(|line| (line.title.as_str(), line.errors[0].field.as_str(), line.errors[0].code)).collect();
    assert_eq!(refused, [("Third", "category", FieldCode::Format)], "a category's name is one line");
    let again = imports::import(store, owner, table, Some("press"), origin).await.unwrap();
    assert_eq!(again, first, "a lost answer is had again");
    assert_eq!(listed(world, owner, "", None).await, ["Fourth", "Second", "First"]);
    let other = imports::import(store, owner, "title,category,price\nFifth,Books,5\n", Some("press"), origin).await;
    assert_eq!(code(other), Code::IdempotencyMismatch);
    assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE action = 'category.create'").await, 2);
    assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE action = 'file.create'").await, 3);
    // Corrected and sent again whole: what stands already is told of and left alone, as is a line that the table has twice.
    let corrected = "title,category,price\nFirst,Books,1\nSecond,Books,2\nThird,Books,3\nThird,Books,3\nFirst,Maps,4\n";
    let corrected = imports::import(store, owner, corrected, None, origin).await.unwrap();
    let refused: Vec<_> = corrected.refused.iter().map(|line| (line.line, line.errors[0].code)).collect();
    assert_eq!((corrected.made, refused), (2, vec![(2, FieldCode::Taken), (3, FieldCode::Taken), (5, FieldCode::Taken)]));
    assert_eq!(listed(world, owner, "", None).await, ["First", "Third", "Fourth", "Second", "First"]);
});

on_both!(support_has_no_part_in_it, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let support = &world.member("support", Role::Support).await;
    let file = world.file("كتاب", 1).await;
    assert_eq!(code(files::list(store, support, &files::Query::default()).await), Code::Forbidden);
    assert_eq!(code(files::set_published(store, support, file, false, origin).await), Code::Forbidden);
    assert_eq!(code(files::add_content(store, support, file, "a.txt", "", bytes(b"x"), origin).await), Code::Forbidden);
    assert_eq!(code(categories::create(store, support, &CategoryRequest { name: "قسم".to_owned() }, origin).await), Code::Forbidden);
});
