"""Accounts for a study's people on its own server, so that each answers under their own name."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from quibble.annotate.client import LabelStudio
from quibble.annotate.server import register, write_secret
from quibble.annotate.study import Study

FILE: Final = "label-studio/accounts.json"
#: A name that no mail can be sent to (RFC 2606), for people whose e-mail is not known.
_NOWHERE: Final = "quibble.invalid"


def open_accounts(study: Study, server: LabelStudio) -> Mapping[str, str]:
    """Make everybody who is active an account on the study's own server. -> the passwords, by e-mail

    People without an e-mail get a name to sign in with, which is noted in the study. An account that is there is left
    as it is, and has no password here unless it was made here. Raises EndpointError if the server makes none.
    """
    path = study.folder / FILE
    passwords: dict[str, str] = json.loads(path.read_bytes()) if path.is_file() else {}
    settings = study.settings
    people = {person: mail or f"{person}@{_NOWHERE}" for person, mail in settings.people.items()}
    if people != settings.people:
        study.change(replace(settings, people=people))
    there = {mail.lower() for mail in server.users().values()}
    for person in study.settings.active:
        mail = people[person]
        if mail.lower() in there:
            continue
        passwords[mail] = secrets.token_urlsafe(9)
        # Before the account is made: one whose password was lost would be of no use.
        write_secret(path, passwords)
        register(server, mail, passwords[mail])
    return passwords
