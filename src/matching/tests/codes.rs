//! Dossier codes that could be those of two: siblings, cut codes, long numbers, lost punctuation,
//! two codes in one memo. Whatever cannot be told for certain is not linked.

use super::*;
use crate::domain::dossier_code::DossierCode;
use crate::matching::memo::{Named, are_rivals};

/// The bill linked when the dossiers with these codes have one open bill each, as its place.
fn linked(codes: &[&str], memo: &str) -> Option<u128> {
    let dossiers: Vec<DossierSummary> = codes
        .iter()
        .enumerate()
        .map(|(place, code)| DossierSummary {
            id: DossierId(Uuid::from_u128(place.try_into().unwrap())),
            code_squeezed: DossierCode::parse(code).unwrap().squeezed(),
            unit_code: String::new(),
            is_closed: false,
        })
        .collect();
    let bills: Vec<Bill> = (0..codes.len())
        .map(|place| bill(place.try_into().unwrap(), place, 100, 0))
        .collect();
    let decision = decided(&notice(100, memo), &bills, &dossiers);
    assert_eq!(
        decision.bill_id.is_some(),
        decision.rule == Some(Rule::DossierCode)
    );
    decision.bill_id.map(|id| id.0.as_u128())
}

#[test]
fn siblings_are_told_apart_and_a_cut_code_is_none_of_them() {
    let day = [
        "H12.104-250701-0001",
        "H12.104-250701-0011",
        "H12.104-250701-0111",
    ];
    for (place, code) in day.iter().enumerate() {
        let place = Some(place.try_into().unwrap());
        let bare = code.replace(['.', '-'], "");
        for memo in [
            (*code).to_owned(),
            code.replace(['.', '-'], " "),
            bare.to_lowercase(),
            format!("MBVCB.123456.{bare}.CT tu 0011000000001"),
            format!("HO SO {code} {code}"),
        ] {
            assert_eq!(linked(&day, &memo), place, "{memo}");
        }
        for cut in 1..code.len() {
            let (end, start) = (&code[..code.len() - cut], &code[cut..]);
            for memo in [
                end.to_owned(),
                start.to_owned(),
                format!("{end}.CT tu 0011000000001"),
                format!("{end} 1 NGUYEN VAN A"),
                format!("MBVCB.3278.{start}"),
            ] {
                assert_eq!(linked(&day, &memo), None, "{memo}");
            }
        }
    }
}

/// Codes known, memo, place of the one that is linked.
type Case<'a> = (&'a [&'a str], &'a str, Option<u128>);

#[test]
fn a_long_number_and_the_short_one_it_begins_with_are_never_mixed_up() {
    let both: &[&str] = &["H12.104-250701-1001", "H12.104-250701-10012"];
    let short: &[&str] = &["H12.104-250701-1001"];
    let long: &[&str] = &["H12.104-250701-10012"];
    let padded: &[&str] = &["H12.104-250701-0001", "H12.104-250701-00012"];
    let longest: &[&str] = &["H12.104-250701-10012", "H12.104-250701-100123"];
    let table: [Case<'_>; 14] = [
        (both, "H12.104-250701-10012", None),
        (both, "H12.104-250701-1001", None),
        (both, "H12.104-250701-1001 2", None),
        (both, "H12.104-250701-10012999", None),
        (short, "H12.104-250701-1001", Some(0)),
        (short, "H12.104-250701-10012", None),
        (short, "H12.104-250701-1001 2 NGUYEN VAN A", None),
        (short, "H12.104-250701-1001999999", None),
        (long, "H12.104-250701-10012", Some(0)),
        (long, "H12.104-250701-1001", None),
        (padded, "H12.104-250701-0001", None),
        (padded, "H12.104-250701-00012", None),
        (longest, "H12.104-250701-100123", None),
        (longest, "H12.104-250701-10012", None),
    ];
    for (codes, memo, place) in table {
        assert_eq!(linked(codes, memo), place, "{codes:?} {memo}");
    }
}

#[test]
fn without_punctuation_a_code_is_read_in_every_way_that_has_a_day_and_a_dossier() {
    let wide: &[&str] = &["H57.132-260804-0583"];
    let narrow: &[&str] = &["H57.13-226080-4058"];
    assert!(DossierCode::parse(narrow[0]).is_err(), "June has no 80th");
    // Two levels or three: both have a day, so the letters are those of either. The store keeps
    // only one dossier with the same letters, and so that one is meant.
    let (one, other) = ("H12.10-251012-00125", "H12.102-510120-0125");
    let squeezed = |code: &str| DossierCode::parse(code).unwrap().squeezed();
    assert_eq!(squeezed(one), squeezed(other));
    let classic: &[&str] = &["000.00.19.H12-250701-0001"];
    let province: &[&str] = &["H12-250701-0001"];
    let two: &[&str] = &["000.00.19.H12-250701-0001", "H12-250701-0001"];
    let neighbours: &[&str] = &["025.27.15.H44-250701-0001", "125.27.15.H44-250701-0001"];
    let table: [Case<'_>; 16] = [
        (wide, "H571322608040583", Some(0)),
        (wide, "H5713226080405", None),
        (&[one], "H1210251012 00125", Some(0)),
        (&[other], "H121025101200125", Some(0)),
        (classic, "0000019H122507010001", Some(0)),
        (province, "0000019H122507010001", None),
        (province, "000.00.19.H12-250701-0001", None),
        (province, "0.19.H12-250701-0001", None),
        (province, "Nop phi H12-250701-0001", None),
        (two, "000.00.19.H12-250701-0001", Some(0)),
        (two, "Nop phi H12-250701-0001", None),
        (two, "9.H12-250701-0001", None),
        (neighbours, "125.27.15.H44-250701-0001", Some(1)),
        (neighbours, "3270 25.27.15.H44-250701-0001", None),
        (neighbours, "327025.27.15.H44-250701-0001", None),
        (neighbours, "25.27.15.H44-250701-0001", None),
    ];
    for (codes, memo, place) in table {
        assert_eq!(linked(codes, memo), place, "{codes:?} {memo}");
    }
}

#[test]
fn two_codes_of_two_bills_are_no_guess() {
    let day: &[&str] = &[
        "H12.104-250701-0012",
        "H12.104-250701-0013",
        "000.00.19.H12-250701-0012",
    ];
    let table: [Case<'_>; 6] = [
        (day, "H12.104-250701-0012 H12.104-250701-0013", None),
        (day, "H12.104-250701-0013, H12.104-250701-0012", None),
        (day, "H12.104-250701-0012+000.00.19.H12-250701-0012", None),
        (day, "H121042507010012H121042507010013", None),
        (day, "H12.104-250701-0012/h12 104 250701 0012", Some(0)),
        (day, "H12.104-250701-0012 H12.104-250701-9999", Some(0)),
    ];
    for (codes, memo, place) in table {
        assert_eq!(linked(codes, memo), place, "{memo}");
    }
}

#[test]
fn rivals_are_codes_of_which_one_goes_on_with_digits() {
    let code = "H121042507010012";
    let longer = format!("{code}3");
    assert!(are_rivals(code, &longer) && are_rivals(&longer, code));
    assert!(are_rivals(code, &format!("{code}34")));
    for other in [
        code,
        "H121042507010013",
        "H12104250701001X",
        &format!("{code}X"),
        &format!("{code}3X"),
    ] {
        assert!(
            !are_rivals(code, other) && !are_rivals(other, code),
            "{other}"
        );
    }
}

#[test]
fn a_day_that_the_calendar_does_not_have_makes_no_code() {
    let day = [
        "H12.104-240229-0012",
        "H12.104-250229-0012",
        "H12.104-250431-0012",
    ];
    let linked = day.map(|code| Named::in_text(code).codes.len());
    assert_eq!(linked, [1, 0, 0]);
}
