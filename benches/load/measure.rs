//! Numbers: what a process used, how long messages took, medians.

use std::fs;
use std::path::Path;

use crate::Result;

/// CPU time of every thread in a `/proc/…/task` folder, in microseconds.
pub fn cpu_us(tasks: &str) -> f64 {
    let Ok(tasks) = fs::read_dir(tasks) else {
        return f64::NAN;
    };
    tasks.flatten().map(|task| thread_cpu_us(&task.path())).sum()
}

/// CPU time of one thread, in microseconds.
pub fn thread_cpu_us(task: &Path) -> f64 {
    let text = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    let nanoseconds = text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1000.0
}

/// Resident memory of a process, in KiB.
pub fn memory_kb(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))
        .map_err(|error| format!("cannot read process {pid}: {error}"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kb = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    kb.ok_or_else(|| format!("process {pid} has no memory").into())
}

/// The middle value; of an even number the upper one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Steps between two powers of two: values are kept to about 3 %.
const STEPS: usize = 32;

/// How long deliveries took.
pub struct Latency {
    counts: Vec<u64>,
    total: u64,
    max_ns: u64,
}

impl Default for Latency {
    fn default() -> Self {
        Self { counts: vec![0; 64 * STEPS], total: 0, max_ns: 0 }
    }
}

impl Latency {
    pub fn add(&mut self, ns: u64) {
        self.counts[Self::bucket(ns)] += 1;
        self.total += 1;
        self.max_ns = self.max_ns.max(ns);
    }

    /// The value that this share of deliveries did not exceed, in milliseconds.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && *count > 0 {
                return Self::upper_ns(bucket).min(self.max_ns as f64) / 1e6;
            }
        }
        f64::NAN
    }

    pub fn max_ms(&self) -> f64 {
        self.max_ns as f64 / 1e6
    }

    fn bucket(ns: u64) -> usize {
        let ns = ns.max(STEPS as u64);
        let power = ns.ilog2() as usize;
        power * STEPS + (ns >> (power - STEPS.ilog2() as usize)) as usize - STEPS
    }

    fn upper_ns(bucket: usize) -> f64 {
        let (power, step) = (bucket / STEPS, bucket % STEPS);
        (STEPS + step + 1) as f64 * 2f64.powi(power as i32) / STEPS as f64
    }
}
