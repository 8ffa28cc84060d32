"""PostgreSQL's settings for the embedded warehouse, sized to the machine."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

MEGABYTE = 1024 * 1024


def server_settings(port: int, socket_folder: Path, *, throwaway: bool = False) -> str:
    """The text of branchline.conf: the server's address and resource limits.

    Durability keeps PostgreSQL's defaults (fsync, synchronous_commit and full_page_writes on),
    except for temporary servers of the tests.
    """
    memory = psutil.virtual_memory().total // MEGABYTE
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": _in_list(str(socket_folder)),
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "max_connections": 60,
        # Reserved for loads and builds, however many connections readers hold.
        "reserved_connections": 10,
        # A query of a dead client is ended.
        "client_connection_check_interval": "5s",
        # 8 MB; by default anyone who may connect can put 8 GB on the disk.
        "max_notify_queue_pages": 1024,
        "shared_buffers": f"{_within(memory // 16, 64, 1024)}MB",
        "effective_cache_size": f"{_within(memory // 2, 256, 32768)}MB",
        "work_mem": f"{_within(memory // 256, 8, 64)}MB",
        "maintenance_work_mem": f"{_within(memory // 32, 64, 512)}MB",
        "max_wal_size": "4GB" if memory > 8000 else "1GB",
        "checkpoint_timeout": "15min",
        # This PostgreSQL has only pglz, which costs six times what it saves: a night's rows go to
        # many pages, and every page of a new table is written to the WAL when it is first read.
        "wal_compression": "off",
        # No replica reads the WAL.
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "random_page_cost": 1.1,
        # JIT compilation takes longer than the queries of dbt's tests.
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %u@%d ",
        # Log what the server does, but no failed statements and no error texts: both may contain
        # personal data. The client still gets the error.
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
    }
    if _small_shared_memory():
        # Containers often have 64 MB of it, too little for a parallel hash join.
        settings["max_parallel_workers_per_gather"] = 0
    if throwaway:
        settings.update(fsync="off", synchronous_commit="off", full_page_writes="off")
    lines = [f"{name} = {_quoted(str(value))}" for name, value in settings.items()]
    return (
        "# Written by Branchline at every start. To change a setting permanently, use\n"
        "# ALTER SYSTEM as the user postgres: its settings override this file.\n"
        + "\n".join(lines)
        + "\n"
    )


def _small_shared_memory() -> bool:
    try:
        found = os.statvfs("/dev/shm")
    except OSError:
        return False
    return found.f_frsize * found.f_blocks < 256 * MEGABYTE


def _within(value: int, least: int, most: int) -> int:
    return max(least, min(most, value))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _in_list(path: str) -> str:
    """A path as one element of a list setting."""
    return '"' + path.replace('"', '""') + '"'
