//! Faults for tests: the operations of this thread fail from a chosen one on, as if the process had been killed there,
//! or one kind of operation fails with a given error.

use std::{cell::RefCell, io};

enum Plan {
    None,
    Die { after: usize },
    Fail { operation: &'static str, errno: i32 },
}

thread_local! {
    static PLAN: RefCell<Plan> = const { RefCell::new(Plan::None) };
}

fn with_plan<T>(plan: Plan, run: impl FnOnce() -> T) -> T {
    PLAN.set(plan);
    let result = run();
    PLAN.set(Plan::None);
    result
}

/// Runs with every operation failing after the first `after`.
pub fn die_after<T>(after: usize, run: impl FnOnce() -> T) -> T {
    with_plan(Plan::Die { after }, run)
}

/// Runs with every `operation` failing.
pub fn fail<T>(operation: &'static str, errno: i32, run: impl FnOnce() -> T) -> T {
    with_plan(Plan::Fail { operation, errno }, run)
}

pub fn step(operation: &'static str) -> io::Result<()> {
    PLAN.with_borrow_mut(|plan| match plan {
        Plan::None => Ok(()),
        Plan::Die { after: 0 } => Err(io::Error::other("killed here")),
        Plan::Die { after } => {
            *after -= 1;
            Ok(())
        }
        Plan::Fail { operation: failing, errno } if *failing == operation => Err(io::Error::from_raw_os_error(*errno)),
        Plan::Fail { .. } => Ok(()),
    })
}
