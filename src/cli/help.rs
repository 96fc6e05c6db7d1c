//! The long help texts with their examples.

pub(super) const ABOUT: &str = "\
A chat of your own in one program. Without a command it serves: people use it with a browser, programs by the documented
interfaces. Everything it knows is in one data folder.";

pub(super) const COMMANDS: &str = "\
Exit codes: 0 done, 1 refused or failed, 2 wrong command line or configuration.
`parlor serve --help` explains every setting with examples.";

pub(super) const SERVE: &str = "\
Settings come from four layers, each over the one before: defaults, the file given with --config, environment variables,
these flags. Every key of the file has a variable: `listen` is PARLOR_LISTEN, `limits.file_bytes` is
PARLOR_LIMITS_FILE_BYTES. config/parlor.toml lists all keys with their reasons; `parlor config` prints those in force.

Examples:
  Try it on this machine, then open the link that is printed:
    parlor

  Serve the local network from a folder of its own:
    parlor serve --listen 0.0.0.0:8000 --data /var/lib/parlor

  Behind a reverse proxy on the same machine:
    parlor serve --public-url https://chat.salon.example --trusted-proxy 127.0.0.1

  The same below a path of a host that has other pages too:
    parlor serve --public-url https://salon.example/chat --trusted-proxy 127.0.0.1

  Without a browser: the first administrator's password from a file, or from the environment:
    parlor serve --admin-email boss@salon.example --admin-password-file /run/secrets/parlor
    PARLOR_ADMIN_PASSWORD=… parlor serve --admin-email boss@salon.example

  A live chat for visitors, and more to read in the log:
    parlor serve --guests --log info,parlor=debug";

pub(super) const ADMIN_CREATE: &str = "\
Works whether the server runs or not. The password is never an argument, since arguments can be read by every user of
the machine.

Examples:
  parlor admin create --data /var/lib/parlor --email boss@salon.example --username boss --password-stdin < password.txt
  pass show parlor | parlor admin create --email boss@salon.example --username boss --password-stdin";

pub(super) const TOKEN: &str = "\
Prints an access token of the account, for scripts. It ends by itself, and at once when the account is blocked.

Example:
  TOKEN=$(parlor token --data /var/lib/parlor boss)
  curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8000/api/chat";

pub(super) const SEAT_REMOVE: &str = "\
Works whether the server runs or not. The person leaves the staff room at once and is told that the operator did it.

Example:
  parlor seat remove --data /var/lib/parlor \"Keller Motors\" seller";

pub(super) const BACKUP: &str = "\
Works whether the server runs or not, and shows one consistent moment. A running server writes the file itself, so it
must be allowed to write there.

Example:
  parlor backup --data /var/lib/parlor --out /var/backups/parlor/monday.tar";

pub(super) const RESTORE: &str = "\
Checks the sums of the whole backup before anything is put in place. The data folder must be new or empty, and no server
may run on it.

Example:
  parlor restore --from /var/backups/parlor/monday.tar --data /var/lib/parlor";
