"""Marts as files: CSV, workbooks and Parquet, with a manifest. docs/exports.md describes them."""

from publish.exports.export import Export as Export
from publish.exports.manifest import Entry as Entry
from publish.exports.manifest import write_manifest as write_manifest
from publish.exports.writing import FORMATS as FORMATS
from publish.exports.writing import Written as Written
from publish.exports.writing import write_export as write_export
