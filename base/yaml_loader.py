"""How YAML is read: by libyaml, where PyYAML was built with it, which is ten times as fast."""

from __future__ import annotations

import yaml

Loader: type[yaml.CSafeLoader] | type[yaml.SafeLoader] = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)
