"""The schemas of a warehouse: the layers that loading and building create."""

from __future__ import annotations

RAW = "raw"
MARTS = "marts"
MASKED = "marts_masked"
"""Views of marts with personal data, for those who may not see it."""
LAYERS = (
    RAW,
    "staging",
    "intermediate",
    MARTS,
    MASKED,
    "reference",
    "snapshots",
    "operations",
)
"""Each is owned by a role; macros/privacy sets the owner of those that dbt builds."""
RAW_STAGING = "raw_staging"
"""dlt's own schema, beside the raw layer."""
