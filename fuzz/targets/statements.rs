//! Statement files: any bytes as a file, or as the rows of a sheet inside a workbook that is otherwise
//! sound. What is read must add up, and be read the same again.

#![no_main]

use std::io::{Cursor, Write};

use doisoat::reconciliation::input::Input;
use doisoat::reconciliation::reading::{Ask, Preview, read};
use doisoat::reconciliation::text::dates::DateOrder;
use libfuzzer_sys::{Corpus, fuzz_target};
use zip::write::SimpleFileOptions;

fn ask(choice: u8) -> Ask {
    let mut ask = Ask::default();
    ask.date_order = match choice % 4 {
        1 => Some(DateOrder::Dmy),
        2 => Some(DateOrder::Mdy),
        3 => Some(DateOrder::Ymd),
        _ => None,
    };
    ask
}

fn workbook(rows: &[u8]) -> Vec<u8> {
    const KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let parts = [
        ("[Content_Types].xml", format!(
            "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"{KIND}.sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"{KIND}.worksheet+xml\"/></Types>")),
        ("_rels/.rels", format!(
            "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{RELATION}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>")),
        ("xl/workbook.xml", format!(
            "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATION}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>")),
        ("xl/_rels/workbook.xml.rels", format!(
            "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{RELATION}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>")),
    ];
    let mut file = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let plain = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut put = |name: &str, bytes: &[&[u8]]| {
        file.start_file(name, plain).expect("a part");
        for piece in bytes {
            file.write_all(piece).expect("written");
        }
    };
    for (name, text) in &parts {
        put(name, &[text.as_bytes()]);
    }
    let open = format!("<worksheet xmlns=\"{MAIN}\"><sheetData>");
    put("xl/worksheets/sheet1.xml", &[open.as_bytes(), rows, b"</sheetData></worksheet>"]);
    file.finish().expect("a workbook").into_inner()
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((&choice, rest)) = data.split_first() else {
        return Corpus::Reject;
    };
    let bytes = if choice & 1 == 1 { workbook(rest) } else { rest.to_vec() };
    let ask = ask(choice >> 1);
    let take = || {
        let mut preview = Preview { room: 3, ..Preview::default() };
        let reading = read(&Input::of(&bytes), &ask, &mut preview);
        reading.map(|reading| {
            let told = (
                reading.format, reading.entries(), reading.sum(|one| one.credit),
                reading.sum(|one| one.debit), reading.balances(), reading.is_held(),
            );
            (told, preview.lines)
        })
    };
    match (take(), take()) {
        (Ok(one), Ok(other)) => assert_eq!(one, other, "the same file is read in two ways"),
        (Err(_), Err(_)) => {}
        (one, other) => panic!("read once and refused once: {one:?} {other:?}"),
    }
    Corpus::Keep
});
