"""What a sender has begun and what it was answered, on disk the moment that it knows: kill -9 forgets neither.

Between the provider's answer and the commit that writes it down lies the only gap in which a push could be sent twice.
Each batch under way has a file of its own in the state folder: which deliveries were leased, which calls were begun,
what was answered. A line is written by one `write`; the kernel keeps it when the process is killed (a power cut may
take it, and then the repeat carries the same tag). A file is locked for as long as its process lives, so whoever gets
the lock of a file that is not empty settles for the dead before their leases run out: the answered are settled, the
ones not begun are due again at once, and only those begun and not answered are in doubt.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from uuid import UUID

import orjson

from partners.outcomes import Delivered, Outcome, Refused, RetryLater, Unregistered

_log = logging.getLogger("mykaohsiung.pusher")

_WORDS = {"delivered": Delivered, "unregistered": Unregistered, "later": RetryLater, "refused": Refused}


@dataclass(frozen=True, slots=True)
class Entry:
    """One delivery of a batch: the attempt that was leased, and how many attempts before it do not count."""

    id: UUID
    attempt: int
    excused: int


@dataclass(slots=True)
class Left:
    """What a sender left behind."""

    channel: str = ""
    answered: list[tuple[Entry, Outcome]] = field(default_factory=list)
    in_doubt: list[Entry] = field(default_factory=list)
    not_begun: list[Entry] = field(default_factory=list)


class Journal:
    """The journal of one batch at a time. `begun` and `answered` may be called from several threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            self.path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.journal"
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            # Somebody who looks for the files of the dead may have taken it between the two calls, and removed it.
            if os.fstat(self._file).st_nlink:
                return
            os.close(self._file)

    def leased(self, channel: str, entries: Sequence[Entry]) -> None:
        """A batch begins."""
        self._write(["leased", channel, [[entry.id.hex, entry.attempt, entry.excused] for entry in entries]])

    def begun(self, delivery: UUID) -> None:
        """The provider is about to be called for it."""
        self._write(["begun", delivery.hex])

    def answered(self, delivery: UUID, outcome: Outcome) -> None:
        """The provider has answered."""
        self._write(["answered", delivery.hex, *_worded(outcome)])

    def settled(self) -> None:
        """The batch is committed: nothing of it need be remembered."""
        os.ftruncate(self._file, 0)

    def let_go(self) -> None:
        """Leave the file to whoever settles for the dead."""
        os.close(self._file)

    def _write(self, line: list[object]) -> None:
        os.write(self._file, orjson.dumps(line) + b"\n")


class Journals:
    """The journals of one process; a batch borrows one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._free: list[Journal] = []
        self._turn = Lock()

    @contextmanager
    def opened(self) -> Iterator[Journal]:
        """A journal for one batch, which has called `settled` when the block ends. A block that fails leaves it for
        `left_by_the_dead`."""
        with self._turn:
            journal = self._free.pop() if self._free else None
        journal = journal or Journal(self._folder)
        try:
            yield journal
        except BaseException:
            journal.let_go()
            raise
        with self._turn:
            self._free.append(journal)


@contextmanager
def left_by_the_dead(folder: Path) -> Iterator[list[Left]]:
    """What senders that are no more left in this folder; once the block has ended well, it is forgotten."""
    held: list[tuple[int, Path]] = []
    found: list[Left] = []
    try:
        for path in sorted(folder.glob("*.journal")):
            file = _locked(path)
            if file is not None:
                held.append((file, path))
                left, is_damaged = _read(path.read_bytes())
                if is_damaged:
                    _log.error("journal %s is damaged: what follows its first bad line is not known", path)
                    shutil.copyfile(path, path.with_suffix(".bad"))
                if left.channel:
                    found.append(left)
        yield found
        for _, path in held:
            path.unlink(missing_ok=True)
    finally:
        for file, _ in held:
            os.close(file)


def _locked(path: Path) -> int | None:
    """The file, if its owner is gone."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    # Somebody else may have settled it, and removed it, between the two calls.
    if not os.fstat(file).st_nlink:
        os.close(file)
        return None
    return file


def _read(content: bytes) -> tuple[Left, bool]:
    """What a journal says up to its first bad line, and whether it has one."""
    left = Left()
    open_entries: dict[str, Entry] = {}
    begun: dict[str, Entry] = {}
    # The last line may have been cut off by the kill.
    is_damaged = False
    for line in content.split(b"\n")[:-1]:
        try:
            what, *more = orjson.loads(line)
            if what == "leased":
                entries = {delivery: Entry(UUID(delivery), attempt, excused) for delivery, attempt, excused in more[1]}
                left.channel, open_entries = more[0], entries
            elif what == "begun":
                begun[more[0]] = open_entries.pop(more[0])
            else:
                outcome = _WORDS[more[1]](*more[2:])
                left.answered.append((begun.pop(more[0]), outcome))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            is_damaged = True
            break
    if is_damaged:
        # Any of the others may have been begun after that line.
        begun |= open_entries
        open_entries = {}
    left.in_doubt, left.not_begun = list(begun.values()), list(open_entries.values())
    return left, is_damaged


def _worded(outcome: Outcome) -> list[object]:
    match outcome:
        case Delivered(name):
            return ["delivered", name]
        case Unregistered():
            return ["unregistered"]
        case RetryLater(after_seconds, fault):
            return ["later", after_seconds, fault]
        case Refused(code):
            return ["refused", code]
