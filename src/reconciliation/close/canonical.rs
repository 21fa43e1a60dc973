//! Canonical JSON: members sorted by name, no spaces, so that equal values are equal bytes. Numbers
//! are whole; amounts of money are text.

use std::collections::BTreeMap;

use serde_json::Value;

/// The canonical text of a value.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            for (place, (name, member)) in sorted.into_iter().enumerate() {
                text.push(if place == 0 { '{' } else { ',' });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(member, text);
            }
            text.push_str(if members.is_empty() { "{}" } else { "}" });
        }
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_equal_bytes() {
        let one = serde_json::from_str(r#"{ "b": [1, {"z": null, "a": "ph\u00ed"}], "a": {} }"#);
        let other = serde_json::from_str("{\"a\":{},\"b\":[1,{\"a\":\"phí\",\"z\":null}]}");
        let (one, other): (Value, Value) = (one.unwrap(), other.unwrap());
        assert_eq!(canonical(&one), r#"{"a":{},"b":[1,{"a":"phí","z":null}]}"#);
        assert_eq!(canonical(&one), canonical(&other));
        assert_eq!(canonical(&Value::Array(Vec::new())), "[]");
    }
}
