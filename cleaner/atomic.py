"""Writing a file so that it is, at every moment, either the old one or the new one."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the content of `path` by `data`, or create it.

    The data goes to a temporary file beside the target, reaches the disk, and takes the target's name by
    `os.replace`.  Mode, owner, access lists and extended attributes are kept; through a symbolic link, the file it
    leads to is replaced and the link stays; other hard links keep the old content.  A pipe or a device is written to,
    not replaced.  Raises OSError, and then the target is as it was.
    """
    target = Path(os.path.realpath(path))
    try:
        old = target.stat()
    except FileNotFoundError:
        old = None
    if old is not None and not stat.S_ISREG(old.st_mode):
        target.write_bytes(data)
        return
    if old is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    _replace(target, data, old)


def _replace(target: Path, data: bytes, old: os.stat_result | None) -> None:
    # The name has a fixed length, so that it fits wherever the target's own name does.
    temporary = target.parent / f".cleaner-{os.urandom(8).hex()}.tmp"
    # What was private stays private while it is written; a new file gets the mode that the umask leaves.
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if old is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if old is not None:
            # Only root may give a file away; anybody else owns what they may replace, or becomes its owner.
            with contextlib.suppress(PermissionError):
                os.chown(temporary, old.st_uid, old.st_gid)
            temporary.chmod(stat.S_IMODE(old.st_mode))
            _copy_attributes(target, temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _copy_attributes(source: Path, target: Path) -> None:
    """Extended attributes, access control lists among them, where the system has them and lets them be set."""
    if not hasattr(os, "listxattr"):
        return
    with contextlib.suppress(OSError):
        for name in os.listxattr(source):
            with contextlib.suppress(OSError):
                os.setxattr(target, name, os.getxattr(source, name))


def _sync_folder(folder: Path) -> None:
    """Make the renaming last through a power cut; some file systems do not offer it for folders."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
