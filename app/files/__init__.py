"""Photos and documents that people hand in.

*Owns* files, their bytes, and whether they are attached to something.
*Promises* that nothing is taken for what its name says; that pictures are written anew, upright, small and without
metadata; that documents, which are kept as they came, can only be read; that a file belongs to one thing for ever once
it is attached, and is gone after a day when it is not; that a link is enough to see a file, and nothing else is.
*Calls* identity. *Tells* FileAttached.
"""

from app.files.couriers import connect
from app.files.events import FileAttached
from app.files.queries import links
from app.files.routes import router
from app.files.rules import File, NoSuchFile, Prepared, Purpose, UnknownFile, UnsupportedFile, Variant, link
from app.files.schemas import FileOut
from app.files.service import attach, forget_waiting, keep, prepare, read

__all__ = [
    "File",
    "FileAttached",
    "FileOut",
    "NoSuchFile",
    "Prepared",
    "Purpose",
    "UnknownFile",
    "UnsupportedFile",
    "Variant",
    "attach",
    "connect",
    "forget_waiting",
    "keep",
    "link",
    "links",
    "prepare",
    "read",
    "router",
]
