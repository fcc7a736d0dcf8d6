import re
def sub(p,*pairs):
    s=open(p).read()
    for a,b in pairs:
        assert a in s,(p,a)
        s=s.replace(a,b)
    open(p,'w').write(s)
sub('license_service/settings.py',
('''        lines = [f"{name}: {' '.join(texts)}" for name, texts in sorted(fault.messages_dict.items())]
        raise SettingsError("license_service cannot start:\\n  " + "\\n  ".join(lines)) from fault
''','''        lines = [f"  {name}: {' '.join(texts)}" for name, texts in sorted(fault.messages_dict.items())]
        raise SettingsError("\\n".join(["license_service cannot start. Set these variables:", *lines])) from fault
'''),
('''        raise ValidationError("is not a database URL.") from fault
''','''        raise ValidationError(f"wants {_DATABASE_URL}.") from fault
'''),
('''        raise ValidationError("names neither SQLite nor PostgreSQL.")
''','''        raise ValidationError("wants a database URL of SQLite or PostgreSQL.")
'''),
('''        raise ValidationError("is not an http or https URL.")
''','''        raise ValidationError("wants an http or https URL.")
'''),
('''f"is missing; it wants {wanted}."''','''f"is missing. It wants {wanted}."'''),
('''        error_messages=_needed("a database URL such as sqlite:////var/lib/tillpass/license.db"),
''','''        error_messages=_needed(_DATABASE_URL),
'''),
('''

@dataclass(frozen=True''','''
_DATABASE_URL: Final = "a database URL such as sqlite:////var/lib/tillpass/license.db"


@dataclass(frozen=True'''),
('TYPE_CHECKING, Any\n','TYPE_CHECKING, Any, Final\n'),
)
sub('license_service/cli.py',
('''            print(f"license-service: {_option(name)}: {_sentences(texts)}", file=sys.stderr)
''','''            print(f"{_option(name)}: {_sentences(texts)}", file=sys.stderr)
'''),
('''        print(f"license-service: {fault}", file=sys.stderr)
''','''        print(fault, file=sys.stderr)
'''),
('''    """Run one command. Gives 0, or 1 after saying on standard error what was wrong."""''',
'''    """Run one command. Exit code 0: done; 1: refused, with the reason on standard error; 2: wrong usage."""'''),
('description=__doc__)','description="Keep the license records.")'),
)
sub('tests/license_service/test_cli.py',
('''    assert f"license-service: {option}: " in capsys.readouterr().err
''','''    assert capsys.readouterr().err.startswith(f"{option}: ")
'''),
('''    assert "LICENSE_DATABASE_URL: is missing" in capsys.readouterr().err
''','''    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "license_service cannot start. Set these variables:"
    assert [line.split(". It wants ")[0] for line in lines[1:]] == [
        "  LICENSE_DATABASE_URL: is missing",
        "  LICENSE_ISSUER: is missing",
        "  LICENSE_PUBLIC_URL: is missing",
    ]


def test_help_says_in_one_sentence_what_the_command_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"], {})

    assert ended.value.code == 0
    assert "\\nKeep the license records.\\n" in capsys.readouterr().out
'''),
('"license-service: The database does not answer.\\n"','"The database does not answer.\\n"'),
)
sub('tests/license_service/test_settings.py',
('f"{missing}: is missing; it wants "','rf"{missing}: is missing\\. It wants "'),
('LICENSE_PUBLIC_URL: is not an http','LICENSE_PUBLIC_URL: wants an http'),
)
p='notify_service/settings.py'
s=open(p).read()
s=s.replace('"notify_service cannot start with these settings:"','"notify_service cannot start. Set these variables:"')
s=s.replace('f"Is missing. {wants}"','f"is missing. It {wants}"').replace('"Is missing. Wants a port."','"is missing. It wants a port, 1 to 65535."')
s=s.replace('"Is missing, while','"is missing, while').replace('"Allows ','"allows ').replace('"Wants ','"wants ')
open(p,'w').write(s)
p='tests/notify_service/test_settings.py'
s=open(p).read()
s=s.replace(': Wants ")',': wants ")').replace(': Allows ',': allows ').replace(': Is missing, while',': is missing, while')
s=s.replace('''def test_every_missing_variable_is_named_at_once() -> None:
    """T47: no secret has a default."""
    named''','''def test_every_missing_variable_is_named_at_once() -> None:
    """T47: no secret has a default."""
    assert all(": is missing. It wants " in line for line in faults_of({}))
    named''')
open(p,'w').write(s)
sub('notify_service/cli.py',
('''    """Run one command and give its exit status: 0 done, 1 a dependency is away, 2 wrong settings."""''',
'''    """Run one command. Exit code 0: done; 1: refused, with the reason on standard error; 2: wrong usage."""'''),
('''    except SettingsError as fault:
        print(fault, file=sys.stderr)
        return 2
    except DatabaseUnavailableError as fault:
''','''    except (SettingsError, DatabaseUnavailableError) as fault:
'''),
('description="Every email of Tillpass, sent once."','description="Look after the emails that Tillpass sends."'),
('dest="command", required=True)','dest="command", required=True, metavar="COMMAND")'),
)
sub('tests/notify_service/test_cli.py',
('''    assert main(["notifications"], {}) == 2
    assert "NOTIFY_DATABASE_URL: Is missing." in capsys.readouterr().err
''','''    assert main(["notifications"], {}) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "notify_service cannot start. Set these variables:"
    assert lines[1].startswith("  NOTIFY_DATABASE_URL: is missing. It wants ")


def test_help_says_in_one_sentence_what_the_command_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"], {})

    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert "COMMAND ..." in told
    assert "\\nLook after the emails that Tillpass sends.\\n" in told
'''),
('''    with pytest.raises(SystemExit):
        main(["send"''','''    with pytest.raises(SystemExit, match="2"):
        main(["send"'''),
)
