"""Make dbt's macros when they are called: of the thousand that a model might call, it calls a few.

dbt makes an object for each of them whenever it renders a text, and a function for each call.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any

from dbt.clients.jinja import _HAS_RENDER_CHARS_PAT as _RENDERED
from dbt.clients.jinja import MacroGenerator
from dbt.context.base import Var
from dbt.context.macro_resolver import TestMacroNamespace
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from dbt.contracts.graph.nodes import Macro
from dbt_common.clients.jinja import CallableMacroGenerator

_context = ManifestContext.to_dict
_namespace = ManifestContext._build_namespace
_var = Var.get_rendered_var
_function = CallableMacroGenerator.get_macro


class OnDemand(dict[str, Any]):
    """A dict that also has the names of `later`, whose values `make` makes when they are read."""

    later: Mapping[str, Any] = {}
    make: Callable[[Any], Any]

    def __bool__(self) -> bool:
        return bool(self.later) or len(self) > 0

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or name in self.later

    def __missing__(self, name: str) -> Any:
        value = self[name] = self.make(self.later[name])
        return value

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


def _complete(name: str) -> Callable[[OnDemand], Any]:
    def method(self: OnDemand) -> Any:
        for missing in [name for name in self.later if not dict.__contains__(self, name)]:
            self[missing]
        return getattr(dict, name)(self)

    return method


for _name in ("__iter__", "__len__", "keys", "values", "items", "copy"):
    setattr(OnDemand, _name, _complete(_name))


def build_namespace(self: ManifestContext) -> MacroNamespace:
    """Instead of `ManifestContext._build_namespace`: the macros get a context on demand."""
    self._ctx = OnDemand()
    return _namespace(self)


def build_packages(
    self: MacroNamespaceBuilder, macros: dict[str, dict[str, Macro]], context: dict[str, Any]
) -> MacroNamespace:
    """Instead of `MacroNamespaceBuilder.build_namespace`: each package makes macros on demand."""

    def make(macro: Macro) -> MacroGenerator:
        return MacroGenerator(macro, context, self.node, self.thread_ctx)

    def of(package: str) -> OnDemand:
        made = OnDemand()
        made.later, made.make = macros.get(package, {}), make
        return made

    internal = self.internal_package_names
    local, root = self.search_package, self.root_package
    return MacroNamespace(
        local_namespace={} if local in internal else of(local),
        global_namespace={} if root in internal or root == local else of(root),
        global_project_namespace=ChainMap(*map(of, self.internal_package_names_order)),
        packages={name: of(name) for name in macros if name not in internal},
    )


def context_of_macros(self: ManifestContext) -> dict[str, Any]:
    """Instead of `ManifestContext.to_dict`: the context has the macros, if on demand."""
    if isinstance(self.namespace, TestMacroNamespace):
        return _context(self)
    context = super(ManifestContext, self).to_dict()
    space = self.namespace
    macros = ChainMap(*space._search_order())
    for name in [name for name in dict.keys(context) if name in macros]:
        context[name] = macros[name]
    context.later, context.make = macros, lambda macro: macro
    return context


def render_var(self: Var, name: str) -> Any:
    """Instead of `Var.get_rendered_var`: most texts need no copy of the context."""
    value = self._merged[name]
    return value if isinstance(value, str) and not _RENDERED.search(value) else _var(self, name)


def make_once(self: CallableMacroGenerator) -> Callable[..., Any]:
    """Instead of `CallableMacroGenerator.get_macro`: the function is that of the first call."""
    made = vars(self).get("made")
    if made is None:
        made = self.made = _function(self)
    return made
