"""Speed up dbt, which runs in this process hundreds of times, by skipping useless work.

A third of dbt's time in these tests was work whose result is discarded or the same each time.
dbt's builds, queries and messages are unchanged.
"""

from __future__ import annotations

import functools
from collections import ChainMap
from types import CodeType
from typing import Any
from unittest.mock import patch

import networkx
import parsedatetime
from dbt.adapters.base.impl import BaseAdapter
from dbt.adapters.base.relation import BaseRelation
from dbt.adapters.cache import RelationsCache
from dbt.adapters.exceptions.cache import NoneRelationFoundError
from dbt.artifacts.resources import FileHash
from dbt.compilation import Linker
from dbt.context.base import Var
from dbt.context.macros import MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from dbt.contracts.graph.manifest import ManifestStateCheck
from dbt.parser.manifest import ManifestLoader
from dbt_common.behavior_flags import BehaviorFlagRendered
from dbt_common.clients.jinja import (
    CallableMacroGenerator,
    MacroFuzzEnvironment,
    MacroFuzzTemplate,
    NativeSandboxTemplate,
)
from dbt_common.events.base_types import BaseEvent, DynamicLevel, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.tests import enable_test_caching
from dbt_common.utils.formatting import lowercase
from quick_macros import (
    build_namespace,
    build_packages,
    context_of_macros,
    make_once,
    render_var,
)

ANY_CONNECTION = FileHash.from_contents("any connection")
_compile = MacroFuzzEnvironment.compile
_begin_event = BaseEvent.__init__
_fire_event = EventManager.fire_event
_check_state = ManifestLoader.build_manifest_state_check
_make_match = BaseAdapter._make_match
_find_cycles = Linker.find_cycles
_found = {"connection": ANY_CONNECTION}
_compiled: dict[Any, CodeType] = {}


def hasten() -> None:
    """Apply the patches of this module to dbt."""
    # dbt's own tests keep how the text of a macro is parsed, too.
    enable_test_caching()
    for owner, name, replacement in (
        # To find where a flag was declared, dbt reads the source of every called function.
        (BehaviorFlagRendered, "_default_source", staticmethod(_no_source)),
        # A text compiles to the same program in every run.
        (MacroFuzzEnvironment, "compile", _compile_once),
        # Of the thousand macros that a model may call, it calls a few.
        (ManifestContext, "_build_namespace", build_namespace),
        (ManifestContext, "to_dict", context_of_macros),
        (MacroNamespaceBuilder, "build_namespace", build_packages),
        (CallableMacroGenerator, "get_macro", make_once),
        (NativeSandboxTemplate, "new_context", MacroFuzzTemplate.new_context),
        (Var, "get_rendered_var", render_var),
        # To find a relation, dbt compares its database, schema and name with those of all others.
        (RelationsCache, "get_relations", _relations_of),
        (BaseAdapter, "_make_match", _match_of_name),
        # For each result, dbt compiles what finds dates in texts.
        (parsedatetime, "Constants", functools.cache(parsedatetime.Constants)),
        # It takes longer to find a cycle than to see that none exists.
        (Linker, "find_cycles", _find_cycles_if_any),
        # Python 3.13 has the same, which takes a third of the time.
        (ChainMap, "__contains__", _is_in_any),
        # Most events are for the log file, and the tests write none.
        (BaseEvent, "__init__", _begin_shown_event),
        (EventManager, "fire_event", _fire_shown_event),
        # The connection does not change what is parsed, except for the name of the database.
        (ManifestLoader, "build_manifest_state_check", _check_all_but_the_connection),
    ):
        patch.object(owner, name, replacement).start()


def _no_source() -> str:
    return "dbt"


def _compile_once(self: MacroFuzzEnvironment, source: Any, *arguments: Any) -> Any:
    if arguments or not isinstance(source, str):
        return _compile(self, source, *arguments)
    key = type(self), tuple(self.extensions), source
    code = _compiled.get(key)
    if code is None:
        code = _compiled[key] = _compile(self, source)
    return code


def _relations_of(
    self: RelationsCache, database: str | None, schema: str | None
) -> list[BaseRelation]:
    place = lowercase(database), lowercase(schema)
    with self.lock:
        found = [
            relation.inner
            for key, relation in self.relations.items()
            if (key.database, key.schema) == place
        ]
    if None in found:
        raise NoneRelationFoundError
    return found


def _match_of_name(
    self: BaseAdapter, relations: list[BaseRelation], database: str, schema: str, name: str
) -> list[BaseRelation]:
    if name:
        # Those that match, or would if they were written in another case.
        plain = name.lower().strip('"')
        relations = [each for each in relations if str(each.identifier).lower().strip('"') == plain]
    return _make_match(self, relations, database, schema, name)


def _find_cycles_if_any(self: Linker) -> str | None:
    if networkx.is_directed_acyclic_graph(self.graph):
        return None
    return _find_cycles(self)


def _is_in_any(self: ChainMap[Any, Any], key: Any) -> bool:
    for mapping in self.maps:  # noqa: SIM110 - a generator takes longer
        if key in mapping:
            return True
    return False


def _begin_shown_event(self: BaseEvent, *arguments: Any, **fields: Any) -> None:
    # Of some the level is known only when they are fired.
    if self.level_tag() is EventLevel.DEBUG and not isinstance(self, DynamicLevel):
        self.pb_msg = getattr(self.PROTO_TYPES_MODULE, type(self).__name__)()
    else:
        _begin_event(self, *arguments, **fields)


def _fire_shown_event(
    self: EventManager, event: BaseEvent, level: EventLevel | None = None, **options: Any
) -> None:
    if (level or event.level_tag()) is not EventLevel.DEBUG:
        _fire_event(self, event, level, **options)


def _check_all_but_the_connection(self: ManifestLoader) -> ManifestStateCheck:
    state = _check_state(self)
    _found["connection"] = state.profile_hash
    state.profile_hash = ANY_CONNECTION
    return state


def for_connection(parsed: bytes) -> bytes:
    """A parse result as dbt without these patches would have saved it for the latest connection."""
    found = _found["connection"].checksum
    return parsed.replace(ANY_CONNECTION.checksum.encode(), found.encode())
