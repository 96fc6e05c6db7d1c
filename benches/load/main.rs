//! The load tool: opens many sockets on a running Parlor, lets one sender per room speak, counts every delivery and says what it
//! cost. With `--raw-limit` the same frames go through a bare write loop in the same run, so that ratios can be judged.
//!
//! Only this machine is ever spoken to. The server must allow what is asked of it: raise its limits of sockets per person and
//! per address and of frames per second in its configuration first.

mod api;
mod bench;
mod measure;
mod raw;
mod wire;

use std::error::Error;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;

use api::Person;
use bench::{Bench, Outcome, Pace};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Measures a running Parlor on this machine.
#[derive(Parser)]
#[command(name = "load")]
struct Args {
    /// Address of the server; only loopback addresses are accepted
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: reqwest::Url,
    /// E-mail or user name to sign in with
    #[arg(long, requires = "password_file")]
    login: Option<String>,
    /// File with the password of --login
    #[arg(long)]
    password_file: Option<PathBuf>,
    /// Access token to use instead of signing in; may be given many times, one for each person
    #[arg(long)]
    token: Vec<String>,
    /// Register this many people with passwords made up for this run, and use them
    #[arg(long, default_value_t = 0)]
    register: usize,
    /// Sockets to open, dealt out to the people in turn
    #[arg(long, default_value_t = 100)]
    sockets: usize,
    /// Name of the public room; with several rooms a number is added
    #[arg(long, default_value = "load")]
    room: String,
    /// Rooms to spread the people over
    #[arg(long, default_value_t = 1)]
    rooms: usize,
    /// Messages a second, over all rooms
    #[arg(long, default_value_t = 20.0)]
    rate: f64,
    /// As fast as the window allows, instead of --rate
    #[arg(long)]
    flat_out: bool,
    /// Messages in flight in each room with --flat-out: sent and not yet heard by everybody
    #[arg(long, default_value_t = 32)]
    window: u64,
    /// Time to send for; 0 only opens the sockets
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Length of each text, at least 40
    #[arg(long, default_value_t = 80)]
    text_bytes: usize,
    /// Process of the server, to read its CPU time and memory
    #[arg(long)]
    pid: Option<u32>,
    /// Measure a bare write loop with the same frames and as many sockets, in turn with the server
    #[arg(long)]
    raw_limit: bool,
    /// Times to measure; medians are printed
    #[arg(long, default_value_t = 1)]
    runs: usize,
}

impl Args {
    fn pace(&self) -> Pace {
        if self.flat_out { Pace::Window(self.window.max(1)) } else { Pace::Rate(self.rate) }
    }

    fn bench(&self, sockets: Vec<bench::Opened>, rooms: Vec<bench::Room>) -> Result<Bench> {
        Bench::new(sockets, rooms, self.text_bytes.max(wire::STAMP_BYTES + 4))
    }
}

fn main() {
    if let Err(error) = run(&Args::parse()) {
        eprintln!("load: {error}");
        std::process::exit(1);
    }
}

fn run(args: &Args) -> Result<()> {
    let address = loopback(&args.url)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let people = runtime.block_on(people(args))?;
    let rooms = runtime.block_on(api::join_rooms(&args.url, &people, &args.room, args.rooms, args.sockets))?;
    let before = args.pid.map(measure::memory_kb).transpose()?;
    let started = Instant::now();
    let sockets = (0..args.sockets)
        .map(|number| wire::open(address, &people[number % people.len()]))
        .collect::<Result<Vec<_>>>()?;
    let took = started.elapsed().as_secs_f64();
    println!(
        "{} sockets of {} people in {took:.2} s ({:.0}/s), {} rooms",
        args.sockets,
        people.len(),
        args.sockets as f64 / took,
        rooms.len()
    );
    let mut parlor = args.bench(sockets, rooms.clone())?;
    parlor.settle(Duration::from_millis(500))?;
    if let (Some(pid), Some(before)) = (args.pid, before) {
        let after = measure::memory_kb(pid)?;
        println!(
            "memory {:.1} MB, {:.2} KB per socket (before: {:.1} MB)",
            after / 1024.0,
            (after - before) / args.sockets as f64,
            before / 1024.0
        );
    }
    if args.seconds > 0.0 {
        compare(args, &mut parlor, &rooms)?;
    }
    Ok(())
}

/// Measures the server, and the limit beside it, as often as asked.
fn compare(args: &Args, parlor: &mut Bench, rooms: &[bench::Room]) -> Result<()> {
    let seconds = Duration::from_secs_f64(args.seconds);
    let warm_up = seconds.min(Duration::from_secs(1));
    parlor.run(args.pace(), warm_up, &|| 0.0)?;
    let sample = parlor.sample().ok_or("no message came back: is the sender in the room?")?;
    let mut benches = vec![("parlor", None)];
    if args.raw_limit {
        for (name, style) in [("raw-write", raw::Style::Write), ("raw-batch", raw::Style::Batch)] {
            let (raw, sockets) = raw::Raw::start(style, args.sockets, rooms, sample.clone())?;
            let mut bench = args.bench(sockets, rooms.to_vec())?;
            bench.run(args.pace(), warm_up, &|| 0.0)?;
            benches.push((name, Some((raw, bench))));
        }
    }
    let mut outcomes: Vec<Vec<Outcome>> = benches.iter().map(|_| Vec::new()).collect();
    for _ in 0..args.runs.max(1) {
        for ((_, other), outcomes) in benches.iter_mut().zip(&mut outcomes) {
            outcomes.push(match other {
                None => parlor.run(args.pace(), seconds, &|| cpu_us(args.pid))?,
                Some((raw, bench)) => bench.run(args.pace(), seconds, &|| raw.cpu_us())?,
            });
        }
    }
    report(args, &benches.iter().map(|(name, _)| *name).collect::<Vec<_>>(), &outcomes);
    let lost: u64 = outcomes[0].iter().map(Outcome::faults).sum();
    if lost > 0 {
        return Err(format!("{lost} deliveries were missing or came twice").into());
    }
    Ok(())
}

fn report(args: &Args, names: &[&str], outcomes: &[Vec<Outcome>]) {
    println!(
        "{:>10} {:>12} {:>10} {:>8} {:>8} {:>8} {:>10} {:>8} {:>8}",
        "", "deliveries/s", "messages/s", "p50 ms", "p99 ms", "max ms", "CPU us/del", "missing", "twice"
    );
    for (name, outcomes) in names.iter().zip(outcomes) {
        let of = |value: fn(&Outcome) -> f64| measure::median(outcomes.iter().map(value).collect());
        println!(
            "{name:>10} {:>12.0} {:>10.1} {:>8.2} {:>8.2} {:>8.2} {:>10.2} {:>8} {:>8}",
            of(Outcome::deliveries_per_second),
            of(Outcome::messages_per_second),
            of(|outcome| outcome.latency.quantile_ms(0.5)),
            of(|outcome| outcome.latency.quantile_ms(0.99)),
            of(|outcome| outcome.latency.max_ms()),
            of(Outcome::cpu_us_per_delivery),
            outcomes.iter().map(|outcome| outcome.missing).sum::<u64>(),
            outcomes.iter().map(|outcome| outcome.twice).sum::<u64>(),
        );
    }
    let median =
        |index: usize, value: fn(&Outcome) -> f64| measure::median(outcomes[index].iter().map(value).collect());
    for (index, name) in names.iter().enumerate().skip(1) {
        print!(
            "parlor / {name}: {:.2} of the deliveries/s",
            median(0, Outcome::deliveries_per_second) / median(index, Outcome::deliveries_per_second)
        );
        if args.pid.is_some() {
            print!(
                ", {:.2} of the CPU per delivery",
                median(0, Outcome::cpu_us_per_delivery) / median(index, Outcome::cpu_us_per_delivery)
            );
        }
        println!();
    }
    if let Some(memory_kb) = args.pid.and_then(|pid| measure::memory_kb(pid).ok()) {
        println!("memory afterwards {:.1} MB", memory_kb / 1024.0);
    }
    for trouble in outcomes.iter().flatten().filter_map(|outcome| outcome.trouble.as_ref()).take(3) {
        println!("the server said: {trouble}");
    }
}

async fn people(args: &Args) -> Result<Vec<Person>> {
    let mut people: Vec<Person> = args.token.iter().map(|token| Person::with_token(token)).collect();
    if let (Some(login), Some(file)) = (&args.login, &args.password_file) {
        let password = std::fs::read_to_string(file)?;
        people.push(api::sign_in(&args.url, login, password.trim_end_matches(['\r', '\n'])).await?);
    }
    if args.register > 0 {
        people.extend(api::register(&args.url, args.register).await?);
    }
    if people.is_empty() {
        return Err("nobody to be: give --login with --password-file, --token or --register".into());
    }
    Ok(people)
}

/// The address to connect to, if it is on this machine.
fn loopback(url: &reqwest::Url) -> Result<SocketAddr> {
    if url.scheme() != "http" {
        return Err("only http:// addresses are measured".into());
    }
    let host = url.host_str().ok_or("the address has no host")?;
    let port = url.port_or_known_default().ok_or("the address has no port")?;
    let addresses: Vec<SocketAddr> = (host.trim_matches(['[', ']']), port).to_socket_addrs()?.collect();
    if addresses.is_empty() || !addresses.iter().all(|address| address.ip().is_loopback()) {
        return Err(format!("{host} is not this machine; the load tool only measures a server beside it").into());
    }
    let reachable = addresses.iter().find(|address| TcpStream::connect(address).is_ok());
    reachable.copied().ok_or_else(|| format!("nothing answers at {url}").into())
}

fn cpu_us(pid: Option<u32>) -> f64 {
    pid.map_or(f64::NAN, |pid| measure::cpu_us(&format!("/proc/{pid}/task")))
}
