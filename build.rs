//! Builds the web client with Node when the feature `ui` is on: `npm ci`, `npm run build`, compressed copies.
//!
//! The result is `web/dist`, which `src/web.rs` embeds. Packages are installed again only when the lock file
//! changed, and the client is built again only when something of it changed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, exit},
    time::SystemTime,
};

/// What the client is made from, below `web/`.
const SOURCES: [&str; 9] = [
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "svelte.config.js",
    "tsconfig.json",
    "tsconfig.app.json",
];

/// Writes a `.br` and a `.gz` beside every text file of `dist` where that makes it smaller. Node has both
/// codings built in, so this needs no further package on either side.
const COMPRESS: &str = r#"
const fs = require('fs'), path = require('path'), zlib = require('zlib');
const text = /\.(html|js|mjs|css|svg|json|webmanifest|txt|wasm|ico|map)$/;
const quality = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11 } };
(function walk(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) { walk(file); continue; }
    if (!text.test(entry.name)) continue;
    const bytes = fs.readFileSync(file);
    for (const [ending, small] of [
      ['.br', zlib.brotliCompressSync(bytes, quality)],
      ['.gz', zlib.gzipSync(bytes, { level: 9 })],
    ]) if (small.length < bytes.length) fs.writeFileSync(file + ending, small);
  }
})('dist');
"#;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_UI").is_none() {
        return;
    }
    let web = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("web");
    if !web.join("package-lock.json").is_file() {
        fail("the folder web/ with the client's sources is missing; build with --no-default-features to do without");
    }
    for source in SOURCES.iter().map(|name| web.join(name)).filter(|path| path.exists()) {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    // Cargo runs this script again when somebody removed the result.
    println!("cargo::rerun-if-changed={}", web.join("dist/index.html").display());
    install(&web);
    build(&web);
}

/// Installs the packages of the lock file, unless exactly those are there.
fn install(web: &Path) {
    let lock = fs::read(web.join("package-lock.json")).unwrap_or_default();
    let stamp = web.join("node_modules/.parlor-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return;
    }
    run(web, "npm", &["ci", "--no-audit", "--no-fund"]);
    write_stamp(&stamp, &lock);
}

/// Builds the client, unless the result is newer than everything that it is made from.
fn build(web: &Path) {
    let stamp = web.join("node_modules/.parlor-built");
    let newest = SOURCES.iter().filter_map(|name| newest_change(&web.join(name))).max();
    let is_fresh = web.join("dist/index.html").is_file() && changed(&stamp) > newest;
    if is_fresh {
        return;
    }
    run(web, "npm", &["run", "build"]);
    if !web.join("dist/index.html").is_file() {
        fail("`npm run build` left no web/dist/index.html");
    }
    run(web, "node", &["-e", COMPRESS]);
    write_stamp(&stamp, b"");
}

fn write_stamp(stamp: &Path, content: &[u8]) {
    let written = stamp.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(stamp, content));
    if let Err(error) = written {
        fail(&format!("cannot write {}: {error}", stamp.display()));
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// The latest change of a file, or of a folder and all in it (a folder changes when a file in it goes).
fn newest_change(path: &Path) -> Option<SystemTime> {
    let inside = fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| newest_change(&entry.path()));
    inside.chain(changed(path)).max()
}

fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let shown = format!("{program} {}", arguments.first().copied().unwrap_or_default());
    match Command::new(program).args(arguments).current_dir(folder).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            eprintln!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            fail(&format!("`{shown}` failed in web/; its output is above"));
        }
        Err(error) => fail(&format!(
            "cannot run `{program}` to build the web client ({error}); install Node 20 or newer, or build with \
             --no-default-features for a server without it"
        )),
    }
}

fn fail(message: &str) -> ! {
    println!("cargo::error={message}");
    exit(1)
}
