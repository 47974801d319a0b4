//! The kernels as PTX: text that a driver compiles for the device it finds.

/// The PTX of a module of [`Launch`](crate::Launch), or nothing.
pub fn of(module: &str) -> &'static str {
    match module {
        "mask" => include_str!(concat!(env!("OUT_DIR"), "/mask.ptx")),
        "sample" => include_str!(concat!(env!("OUT_DIR"), "/sample.ptx")),
        "lines" => include_str!(concat!(env!("OUT_DIR"), "/lines.ptx")),
        "words" => include_str!(concat!(env!("OUT_DIR"), "/words.ptx")),
        _ => "",
    }
}
