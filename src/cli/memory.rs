//! How much memory may be taken.

use std::fs;

/// Bytes that can be taken without others having to go, as far as the system tells: what Linux counts as available, or
/// what is left of a container's limit if that is less. Files that are kept in memory and were not used for a while
/// count as free.
pub(crate) fn available() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").ok()?;
    let system = kib(&meminfo, "MemAvailable:")?.saturating_mul(1024);
    let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let limits = [
        ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ];
    let left = limits.into_iter().filter_map(|(folder, limit, used, files)| {
        let used = number(&format!("{folder}/{used}"))?;
        let stat = fs::read_to_string(format!("{folder}/memory.stat")).unwrap_or_default();
        let files = stat.lines().find_map(|line| line.strip_prefix(files)?.trim().parse::<u64>().ok());
        Some(number(&format!("{folder}/{limit}"))?.saturating_sub(used.saturating_sub(files.unwrap_or(0))))
    });
    Some(left.fold(system, u64::min))
}

/// Bytes of this process that are in memory now, as far as the system tells.
pub(crate) fn resident() -> Option<u64> {
    kib(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:").map(|kib| kib.saturating_mul(1024))
}

/// A line of /proc/meminfo.
fn kib(meminfo: &str, field: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_meminfo() {
        let meminfo = "MemTotal:       24681372 kB\nMemAvailable:    2321052 kB\n";
        assert_eq!(kib(meminfo, "MemAvailable:"), Some(2_321_052));
        assert_eq!(kib("VmRSS:\t    1234 kB\n", "VmRSS:"), Some(1234));
        assert_eq!(kib(meminfo, "MemFree:"), None);
        assert_eq!(kib("MemAvailable: lots", "MemAvailable:"), None);
    }
}
