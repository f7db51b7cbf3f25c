use shared::{
    Code, FieldCode, Notice,
    api::{
        FileKind, FileSort,
        admin::{FileRequest, SettingsRequest},
    },
    ms,
};
use store::{catalog, categories, cleanup, files, notifications, reconcile, sales, settings};

use crate::{
    on_both,
    world::{CONTENT, bytes, code},
};

fn query(text: &str) -> catalog::Query {
    catalog::Query { text: text.to_owned(), category: None, kind: None, sort: FileSort::Newest, page: 1, per_page: 10 }
}

on_both!(search_folds_arabic, |world| {
    world.file("إدارة قواعد البيانات", 10).await;
    world.file("مدخل إلى لغة Rust ٢٠٢٦", 20).await;
    world.file("شبكات", 5).await;
    for (text, hits) in [
        ("اداره", 1),
        ("الْبَيَانَات", 1),
        ("الي لغه rust", 1),
        ("2026", 1),
        ("RUST", 1),
        ("برمجة", 3),
        ("قوا", 1),
        ("قواعد الب", 1),
        ("قواعد يانات", 0),
        ("قواعد rust", 0),
        ("python", 0),
        ("\" OR 1=1 --", 0),
        ("'*:&|!", 0),
    ] {
        let page = catalog::search(&world.store, &query(text), None).await.unwrap();
        assert_eq!((page.items.len(), page.total), (hits, i64::try_from(hits).unwrap()), "{text}");
    }
});

on_both!(search_reads_other_scripts, |world| {
    world.file("हिन्दी व्याकरण", 10).await;
    world.file("ภาษาไทยเบื้องต้น", 10).await;
    for (text, hits) in [("हिन्दी", 1), ("व्याक", 1), ("हिन्दी व्याकरण", 1), ("गणित", 0), ("ภาษาไทย", 1)]
    {
        let page = catalog::search(&world.store, &query(text), None).await.unwrap();
        assert_eq!((page.items.len(), page.total), (hits, i64::try_from(hits).unwrap()), "{text}");
    }
});

on_both!(pages_and_orders, |world| {
    let other = categories::ensure(&world.store, "تصميم").await.unwrap();
    for index in 0..25 {
        if index % 5 == 0 {
            world.file_in(other, &format!("ملف {index}"), 100 - index).await;
        } else {
            world.file(&format!("ملف {index}"), 100 - index).await;
        }
    }
    let page = catalog::search(&world.store, &catalog::Query { page: 3, ..query("") }, None).await.unwrap();
    assert_eq!((page.items.len(), page.total, page.pages()), (5, 25, 3));
    let cheapest = catalog::search(&world.store, &catalog::Query { sort: FileSort::Price, ..query("ملف") }, None).await.unwrap();
    assert!(cheapest.items.is_sorted_by_key(|file| file.price_coins));
    let dearest = catalog::search(&world.store, &catalog::Query { sort: FileSort::PriceDown, ..query("") }, None).await.unwrap();
    assert_eq!(dearest.items[0].price_coins, 100);
    let design = catalog::search(&world.store, &catalog::Query { category: Some(other), ..query("") }, None).await.unwrap();
    assert_eq!((design.items.len(), design.total), (5, 5));
    let none = catalog::search(&world.store, &catalog::Query { kind: Some(FileKind::Pdf), ..query("") }, None).await.unwrap();
    assert_eq!(none.total, 0);
    let counted: Vec<i64> = catalog::categories(&world.store).await.unwrap().iter().map(|category| category.files_count).collect();
    assert_eq!(counted.iter().sum::<i64>(), 25);
});

on_both!(content_is_checked_and_refused_whole, |world| {
    let category = categories::ensure(&world.store, "برمجة").await.unwrap();
    let new = |file_name: &str| files::NewFile {
        about: FileRequest {
            title: "دليل".to_owned(),
            description: String::new(),
            category_id: category.0,
            price_coins: 10,
            kind: "pdf".to_owned(),
        },
        file_name: file_name.to_owned(),
        pictures: Vec::new(),
    };
    let owner = world.owner().await;
    let megabyte = SettingsRequest { upload_megabytes: Some(1), ..SettingsRequest::default() };
    settings::change(&world.store, &owner, &megabyte, &world.origin()).await.unwrap();
    for wrong in ["a.pdf", "a.pdf "] {
        let wrong = files::add(&world.store, new(wrong), bytes(CONTENT)).await.unwrap_err().problem();
        assert_eq!(wrong.of_field("file"), Some(FieldCode::ContentType));
    }
    let large = futures::stream::iter([Ok(vec![b'x'; 1_000_000]), Ok(vec![b'x'])]);
    assert_eq!(code(files::add(&world.store, new("a.txt"), large).await), Code::PayloadTooLarge);
    let empty = files::add(&world.store, new("a.txt"), bytes(b"")).await.unwrap_err().problem();
    assert_eq!(empty.of_field("file"), Some(FieldCode::EmptyFile));
    for name in ["../../etc/passwd", "a/b.txt", ".hidden", " .hidden", "", "a\\b", "a\u{202E}fdp.exe", "a\0b"] {
        assert_eq!(code(files::add(&world.store, new(name), bytes(CONTENT)).await), Code::Invalid, "{name:?}");
    }
    let broken = futures::stream::iter([Ok(CONTENT.to_vec()), Err(std::io::Error::other("the line was cut"))]);
    assert!(files::add(&world.store, new("a.txt"), broken).await.is_err());
    let nowhere = files::NewFile { about: FileRequest { category_id: category.0 + 100, ..new("a.txt").about }, ..new("a.txt") };
    let nowhere = files::add(&world.store, nowhere, bytes(CONTENT)).await.unwrap_err().problem();
    assert_eq!(nowhere.of_field("category_id"), Some(FieldCode::Format));
    assert!(catalog::is_empty(&world.store).await.unwrap());
    assert_eq!(world.stored().await, Vec::<String>::new(), "nothing is left of what was refused");
});

on_both!(a_new_version_is_free_and_fresh, |world| {
    let customer = world.activated(1).await;
    let file = world.file("دليل", 10).await;
    let purchase = world.bought(&customer, file).await;
    let owner = world.owner().await;
    files::add_content(&world.store, &owner, file, "دليل 2.txt", "صُححت أخطاء", bytes(b"two"), &world.origin()).await.unwrap();
    let mine = sales::get(&world.store, &customer, purchase).await.unwrap();
    assert_eq!((mine.version, mine.downloads_left, mine.size_bytes), (2, 6, 3));
    let told = notifications::list(&world.store, &customer, 10).await.unwrap();
    assert!(matches!(&told[0].notice, Notice::NewVersion { note, .. } if note == "صُححت أخطاء"));
});

on_both!(the_viewer_sees_what_they_own, |world| {
    let customer = world.activated(1).await;
    let file = world.file("دليل", 10).await;
    assert_eq!(catalog::get(&world.store, file, Some(customer.id)).await.unwrap().purchase_id, None);
    let purchase = world.bought(&customer, file).await;
    assert_eq!(catalog::get(&world.store, file, Some(customer.id)).await.unwrap().purchase_id, Some(purchase));
    assert_eq!(catalog::get(&world.store, file, None).await.unwrap().purchase_id, None);
    let stranger = world.activated(2).await;
    assert_eq!(code(sales::get(&world.store, &stranger, purchase).await), Code::NotFound);
    cleanup::sweep(&world.store).await.unwrap();
    assert_eq!(catalog::get(&world.store, file, None).await.unwrap().sales_count, 1);
});

on_both!(a_sales_count_follows_refunds_and_survives_a_stop, |world| {
    let (first, second) = (world.activated(1).await, world.activated(2).await);
    let (file, other) = (world.file("دليل", 10).await, world.file("دليل آخر", 10).await);
    let counted = async || {
        cleanup::sweep(&world.store).await.unwrap();
        world.must_reconcile().await;
        let popular = catalog::Query { sort: FileSort::Popular, ..query("") };
        let found = catalog::search(&world.store, &popular, None).await.unwrap();
        found.items.iter().map(|file| (file.id, file.sales_count)).collect::<Vec<_>>()
    };
    assert_eq!(counted().await, [(other, 0), (file, 0)]);
    let purchase = world.bought(&first, file).await;
    // The server stands still until long after the sale.
    world.clock.advance(3 * ms::DAY);
    assert_eq!(counted().await, [(file, 1), (other, 0)]);
    world.clock.advance(ms::HOUR);
    world.bought(&second, file).await;
    world.bought(&second, other).await;
    assert_eq!(counted().await, [(file, 2), (other, 1)]);
    // An old purchase is paid back, and the server stands still again.
    world.clock.advance(ms::DAY);
    cleanup::sweep(&world.store).await.unwrap();
    let owner = world.owner().await;
    sales::refund(&world.store, &owner, purchase, "لم يعمل", None, &world.origin()).await.unwrap();
    world.clock.advance(ms::DAY);
    assert_eq!(counted().await, [(other, 1), (file, 1)]);
    // Bought again it is one more, and the clock may be put right meanwhile.
    world.clock.advance(-12 * ms::HOUR);
    world.bought(&first, file).await;
    assert_eq!(counted().await, [(file, 2), (other, 1)]);
});

on_both!(a_sales_count_is_told_wrong_only_when_it_is, |world| {
    let (customer, owner) = (world.activated(1).await, world.owner().await);
    let (file, never) = (world.file("دليل", 10).await, world.file("لا يُباع", 10).await);
    let purchase = world.bought(&customer, file).await;
    // Sold, but not counted: that is no fault while the sale is younger than the last count.
    world.must_reconcile().await;
    cleanup::sweep(&world.store).await.unwrap();
    world.clock.advance(ms::HOUR);
    cleanup::sweep(&world.store).await.unwrap();
    for (id, wrong, right) in [(file, 0, 1), (file, 2, 1), (never, 1, 0)] {
        world.sql(&format!("UPDATE files SET sales_count = {wrong} WHERE id = {id}")).await.unwrap();
        assert_eq!(reconcile::reconcile(&world.store).await.unwrap(), [format!("file {id}: {wrong} sales counted, {right} there")]);
        world.sql(&format!("UPDATE files SET sales_count = {right} WHERE id = {id}")).await.unwrap();
    }
    // A shop goes on selling: what it sold or paid back since the last count may be counted or not.
    sales::refund(&world.store, &owner, purchase, "لم يعمل", None, &world.origin()).await.unwrap();
    world.bought(&customer, never).await;
    world.clock.advance(ms::DAY);
    world.must_reconcile().await;
    for id in [file, never] {
        world.sql(&format!("UPDATE files SET sales_count = sales_count + 2 WHERE id = {id}")).await.unwrap();
        assert_eq!(reconcile::reconcile(&world.store).await.unwrap().len(), 1, "{id} was never sold so often");
        world.sql(&format!("UPDATE files SET sales_count = sales_count - 2 WHERE id = {id}")).await.unwrap();
    }
});
