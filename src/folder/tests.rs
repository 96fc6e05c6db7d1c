//! What a data folder does when it is opened, shared, broken or newer.

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn new_folder() -> (tempfile::TempDir, PathBuf) {
    let above = tempfile::tempdir().unwrap();
    let path = above.path().join("salon").join("data");
    (above, path)
}

#[test]
fn a_new_folder_is_made_and_closed() {
    let (_above, path) = new_folder();
    let folder = DataFolder::open(&path, WhenNew::Create).unwrap();
    assert_eq!(folder.age(), FolderAge::New);
    folder.token_key().unwrap();
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&path.join(KEYS)), 0o700);
    for file in [path.join(FORMAT), path.join("parlor.lock"), path.join(KEYS).join(TOKEN_KEY)] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert!(folder.warnings().is_empty());
}

#[test]
fn key_and_epoch_survive_a_restart_and_a_restore_begins_an_epoch() {
    let (_above, path) = new_folder();
    let folder = DataFolder::open(&path, WhenNew::Create).unwrap();
    let (key, epoch) = (folder.token_key().unwrap(), folder.epoch());
    drop(folder);

    let mut folder = DataFolder::open(&path, WhenNew::Refuse).unwrap();
    assert_eq!((folder.token_key().unwrap(), folder.epoch(), folder.age()), (key, epoch, FolderAge::Existing));
    let renewed = folder.renew_epoch().unwrap();
    assert_ne!(renewed, epoch);
    drop(folder);
    assert_eq!(DataFolder::open(&path, WhenNew::Refuse).unwrap().epoch(), renewed);
}

#[test]
fn the_second_opening_names_the_process() {
    let (_above, path) = new_folder();
    let first = DataFolder::open(&path, WhenNew::Create).unwrap();
    let refusal = DataFolder::open(&path, WhenNew::Create).unwrap_err().to_string();
    let us = std::process::id();
    assert!(refusal.starts_with(&format!("another parlor (process {us}) uses this folder; ")), "{refusal}");
    drop(first);
    DataFolder::open(&path, WhenNew::Create).unwrap();
}

#[test]
fn a_folder_open_to_others_is_closed_with_a_warning() {
    let (_above, path) = new_folder();
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let folder = DataFolder::open(&path, WhenNew::Create).unwrap();
    assert_eq!(mode(&path), 0o700);
    assert!(folder.warnings()[0].contains("mode 0755"), "{:?}", folder.warnings());
}

#[test]
fn commands_make_nothing() {
    let (above, path) = new_folder();
    assert!(matches!(DataFolder::open(&path, WhenNew::Refuse), Err(FolderError::Missing { .. })));
    assert!(!path.exists());
    let before = mode(above.path());
    assert!(matches!(DataFolder::open(above.path(), WhenNew::Refuse), Err(FolderError::NotOurs { .. })));
    assert_eq!(fs::read_dir(above.path()).unwrap().count(), 0);
    assert_eq!(mode(above.path()), before);
}

#[test]
fn shared_folders_and_files_are_refused_untouched() {
    let (above, path) = new_folder();
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o1777)).unwrap();
    assert!(matches!(DataFolder::open(&path, WhenNew::Create), Err(FolderError::Shared { .. })));
    assert_eq!(mode(&path), 0o777);
    let file = above.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(matches!(DataFolder::open(&file, WhenNew::Create), Err(FolderError::NotAFolder { .. })));
}

#[test]
fn a_newer_folder_is_refused_with_words() {
    let (_above, path) = new_folder();
    drop(DataFolder::open(&path, WhenNew::Create).unwrap());
    // A later format may say its other lines differently.
    fs::write(path.join(FORMAT), "parlor data folder\nformat 2\nage new\n").unwrap();
    let refusal = DataFolder::open(&path, WhenNew::Create).unwrap_err();
    assert!(matches!(refusal, FolderError::Newer { found: 2 }), "{refusal}");
    assert!(refusal.to_string().contains("written by a newer Parlor (folder format 2, this one knows 1)"));
}

#[test]
fn a_damaged_folder_never_starts_as_new() {
    let (_above, path) = new_folder();
    drop(DataFolder::open(&path, WhenNew::Create).unwrap());
    for content in ["", "\0\0\0", "parlor data folder\nformat 1\n", "parlor data folder\nformat one\nepoch x\n"] {
        fs::write(path.join(FORMAT), content).unwrap();
        let refusal = DataFolder::open(&path, WhenNew::Create).unwrap_err();
        assert!(matches!(refusal, FolderError::Damaged { .. }), "{content:?}: {refusal}");
        assert_eq!(fs::read_to_string(path.join(FORMAT)).unwrap(), content);
    }
    fs::remove_file(path.join(FORMAT)).unwrap();
    fs::create_dir(path.join(JOURNAL)).unwrap();
    let refusal = DataFolder::open(&path, WhenNew::Create).unwrap_err().to_string();
    assert!(refusal.contains("`format` file is missing"), "{refusal}");
}

#[test]
fn a_start_cut_short_can_be_repeated() {
    let (_above, path) = new_folder();
    files::make_folder(&path).unwrap();
    fs::write(path.join(".format.tmp"), "parl").unwrap();
    let folder = DataFolder::open(&path, WhenNew::Create).unwrap();
    assert_eq!(folder.age(), FolderAge::New);
    assert!(!path.join(".format.tmp").exists());
}

#[test]
fn a_broken_key_is_not_replaced_silently() {
    let (_above, path) = new_folder();
    let folder = DataFolder::open(&path, WhenNew::Create).unwrap();
    folder.token_key().unwrap();
    let key = path.join(KEYS).join(TOKEN_KEY);
    for content in [&b""[..], b"\xff\xfe", &[b'g'; 64], &[b'0'; 63]] {
        fs::write(&key, content).unwrap();
        assert!(matches!(folder.token_key(), Err(FolderError::BadKey { .. })));
        assert_eq!(fs::read(&key).unwrap(), content);
    }
}

#[test]
fn the_boot_id_stays_while_the_machine_runs() {
    assert_eq!(boot_id(), boot_id());
}
