//! What may be typed, and what is refused.

use super::*;

fn parsed(line: &str) -> Result<(PlaceArgs, Command), clap::Error> {
    Cli::try_parse_from(line.split_whitespace()).and_then(Cli::resolve)
}

fn place(data: &str) -> PlaceArgs {
    PlaceArgs { data: Some(data.to_owned()), config: None }
}

#[test]
fn the_tree_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn serving_needs_no_command() {
    let bare = parsed("parlor --listen 0.0.0.0:1 --data D --guests").unwrap();
    assert_eq!(bare, parsed("parlor serve --listen 0.0.0.0:1 --data D --guests").unwrap());
    assert_eq!(bare.0, place("D"));
    assert_eq!(parsed("parlor").unwrap(), (PlaceArgs::default(), Command::Serve(ServeArgs::default())));
}

#[test]
fn the_data_folder_may_stand_before_or_after_the_command() {
    for line in ["parlor user list --data D", "parlor --data D user list", "parlor user --data D list"] {
        assert_eq!(parsed(line).unwrap(), (place("D"), Command::User(UserCommand::List)), "{line}");
    }
}

#[test]
fn every_command_of_the_manual_is_understood() {
    for line in [
        "parlor admin create --data D --email a@b --username u --password-stdin",
        "parlor admin create --email a@b --username u --name N --password-file F",
        "parlor backup --data D --out F",
        "parlor restore --from F --data D",
        "parlor export --data D",
        "parlor export --data D --out F",
        "parlor check --data D",
        "parlor compact --data D",
        "parlor openapi",
        "parlor config --config F",
        "parlor user block anna --data D",
        "parlor user unblock anna",
        "parlor user reset-password anna --password-stdin",
        "parlor user invite --uses 3 --days 2",
        "parlor salon list",
        "parlor salon show Keller --data D",
        "parlor seat remove Keller seller",
        "parlor seat remove Keller superuser --close-salon",
        "parlor token anna --ttl-secs 60",
        "parlor serve --admin-email a@b --admin-password-file F --log debug --config C",
    ] {
        assert!(parsed(line).is_ok(), "{line}");
    }
}

#[test]
fn wrong_lines_are_refused_as_usage() {
    for line in [
        "parlor dance",
        "parlor --listen 1:1 user list",
        "parlor backup --data D",
        "parlor admin create --email a@b --username u",
        "parlor admin create --email a@b --username u --password hunter22",
        "parlor admin create --email a@b --username u --password-stdin --password-file F",
        "parlor user invite --uses 0",
        "parlor token anna --ttl-secs 0",
        "parlor seat remove Keller boss",
    ] {
        assert_eq!(parsed(line).unwrap_err().exit_code(), 2, "{line}");
    }
}

#[test]
fn flags_become_settings_under_their_own_name() {
    let (_, command) = parsed("parlor --listen X --public-url https://a --public-url https://b --guests").unwrap();
    let Command::Serve(serve) = command else { panic!("not serve") };
    let flags: Vec<_> = serve.flags().into_iter().map(|flag| (flag.key, flag.flag, flag.value)).collect();
    assert_eq!(
        flags,
        [
            ("listen", "--listen", "X".to_owned()),
            ("public_urls", "--public-url", "https://a,https://b".to_owned()),
            ("guests", "--guests", "true".to_owned()),
        ]
    );
}

#[test]
fn every_flag_names_a_key_that_exists() {
    let line = "parlor --listen 127.0.0.1:1 --public-url https://a --trusted-proxy 10.0.0.0/8 --registration closed \
                --guests --admin-email a@b.example --admin-password-file /nowhere --log warn --log-format json";
    let (_, command) = parsed(line).unwrap();
    let Command::Serve(serve) = command else { panic!("not serve") };
    assert_eq!(serve.flags().len(), 9);
    // Only the password file that is not there is complained about.
    let problems = config::load(None, [], &serve.flags()).unwrap_err().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("/nowhere"), "{problems:?}");
}

#[test]
fn the_help_of_serve_has_every_flag_and_examples() {
    let mut tree = Cli::command();
    tree.build();
    let help = tree.find_subcommand_mut("serve").unwrap().render_long_help().to_string();
    for part in
        ["--listen", "--data", "--config", "--admin-email", "--admin-password-file", "--guests", "--log", "Examples:"]
    {
        assert!(help.contains(part), "{part} is missing in:\n{help}");
    }
}
