"""The proofs of docs/troubleshooting/invalid-literal.md."""

ENTRY = "troubleshooting/invalid-literal"
QUOTED = 'WEB_CONCURRENCY="2"'


def test_quoted_number_ends_gunicorn(plain_image, run, replay):
    """The quotes are part of the value, as `docker run --env-file` passes them."""
    name, value = QUOTED.split("=")
    container = run(plain_image, env={name: value}, ready="")

    assert container.exit_code == 1
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_variable_of_the_command_beats_the_file(plain_image, run, tmp_path):
    """The file has the number in quotes; the option has it without."""
    (tmp_path / "web.env").write_text(f"{QUOTED}\n")
    options = {"env_files": [tmp_path / "web.env"], "ready": ""}
    command = ["printenv", "WEB_CONCURRENCY"]

    of_the_file = run(plain_image, *command, **options)
    of_both = run(plain_image, *command, env={"WEB_CONCURRENCY": "2"}, **options)

    assert of_the_file.wait_for_log("2").strip() == '"2"'
    assert of_both.wait_for_log("2").strip() == "2"


def test_word_in_an_option_is_an_invalid_int(plain_image, run):
    """The line shows the option, and the exit code is the one for a wrong option."""
    line = "error: argument -w/--workers: invalid int value: 'auto'"
    container = run(plain_image, env={"GUNICORN_CMD_ARGS": "--workers auto"}, ready=line)

    assert container.exit_code == 2
