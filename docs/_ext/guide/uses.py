"""What a test stands on, one level deep: the constants, helpers, fixtures and programs it names.

The files are parsed, never imported. Nothing in here knows Sphinx.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CONSTANT, FUNCTION, CLASS, FIXTURE = "constant", "function", "class", "fixture"
PROGRAM, MODULE = "program", "module"
KINDS = (CONSTANT, FUNCTION, CLASS, FIXTURE, PROGRAM, MODULE)  # as a page lists them
NO_HELPERS = ("probes", "project", "benchmarks", "site")  # folders without fixtures
Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


@dataclass(frozen=True)
class Use:
    """One thing that a test names: where it is defined, and its source."""

    kind: str
    name: str
    file: str
    line: int
    about: str
    source: str


class Module:
    """A file of Python, parsed: what it defines and what it imports."""

    def __init__(self, file: str, text: str) -> None:
        """Parse it; the path of the file begins at the repository's root."""
        self.file, self.text = file, text
        self.tree = ast.parse(text, file)
        self.definitions = dict(_definitions(self.tree))
        self.fixtures = {name for name, node in self.definitions.items() if _is_fixture(node)}

    def use(self, name: str) -> Use | None:
        """Return one definition; None if there is none of that name."""
        if not (node := self.definitions.get(name)):
            return None
        first, last = lines(node)
        source = "\n".join(self.text.splitlines()[first - 1 : last])
        kind = FIXTURE if name in self.fixtures else _kind(node)
        return Use(kind, name, self.file, first, _about(node), source)

    def whole(self) -> Use:
        """Return the file itself: a program that runs inside a container, or a helper module."""
        kind = PROGRAM if self.file.startswith("tests/probes/") else MODULE
        return Use(kind, Path(self.file).name, self.file, 1, _about(self.tree), self.text)

    def imports(self) -> Iterator[tuple[str, str, str]]:
        """Yield each imported name, the module it comes from, and its name there."""
        for node in self.tree.body:
            if isinstance(node, ast.Import):
                yield from ((alias.asname or alias.name, alias.name, "") for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    name = alias.asname or alias.name
                    yield name, f"{node.module}.{alias.name}", ""  # a module of a package
                    yield name, node.module, alias.name


class Library:
    """All files of tests and their helpers, each parsed once."""

    def __init__(self, root: Path) -> None:
        """Parse nothing yet."""
        self.root = root
        self._modules: dict[str, Module | None] = {}

    def module(self, file: str) -> Module | None:
        """Return a module by its path from the repository's root; None if there is no file."""
        if file not in self._modules:
            path = self.root / file
            text = path.read_text("utf-8") if path.is_file() else None
            self._modules[file] = None if text is None else Module(file, text)
        return self._modules[file]

    def imported(self, dotted: str) -> Module | None:
        """Return a module of the folder of tests by the name that an import gives it."""
        path = f"tests/{dotted.replace('.', '/')}"
        return self.module(f"{path}.py") or self.module(f"{path}/__init__.py")

    @cached_property
    def fixtures(self) -> dict[str, Module]:
        """Return where each fixture is that tests use without an import."""
        tests = self.root / "tests"
        paths = sorted(path.relative_to(tests) for path in tests.glob("**/*.py"))
        helpers = [p for p in paths if p.parts[0] not in NO_HELPERS and p.name[:5] != "test_"]
        modules = [module for p in helpers if (module := self.module(f"tests/{p.as_posix()}"))]
        return {name: module for module in modules for name in module.fixtures}

    @cached_property
    def programs(self) -> list[str]:
        """Return the files of the programs that run inside containers."""
        paths = sorted(self.root.glob("tests/probes/**/*.py"))
        return [path.relative_to(self.root).as_posix() for path in paths]

    def uses(self, file: str, test: ast.FunctionDef) -> tuple[Use, ...]:
        """Return what a test of a file names, in the order of KINDS."""
        module = self.module(file)
        found = {use for use in self._uses(module, test) if use} if module else set()
        return tuple(sorted(found, key=lambda use: (KINDS.index(use.kind), use.name)))

    def _uses(self, module: Module, test: ast.FunctionDef) -> Iterator[Use | None]:
        named = {n.id for n in ast.walk(test) if isinstance(n, ast.Name)} - {test.name}
        texts = _texts(test)
        for name in named & module.definitions.keys():
            texts |= _texts(module.definitions[name])
            yield module.use(name)
        for name, dotted, original in module.imports():
            if name in named and (other := self.imported(dotted)):
                wanted = [original] if original else _attributes(test, name)
                yield from map(other.use, wanted)
        for name in {arg.arg for arg in test.args.args} | _texts(*test.decorator_list):
            if name in module.fixtures:
                yield module.use(name)
            elif other := self.fixtures.get(name):
                yield other.use(name)
        for path in self.programs:
            if texts & {Path(path).name, path.removeprefix("tests/probes/")}:
                program = self.module(path)
                yield program.whole() if program else None


def _definitions(tree: ast.Module) -> Iterator[tuple[str, Definition]]:
    """Yield what the statements at the top of a file define."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found = (n for target in targets for n in ast.walk(target))
            yield from ((n.id, node) for n in found if isinstance(n, ast.Name))


def lines(node: Definition) -> tuple[int, int]:
    """Return the first and the last line of a definition, with its decorators."""
    decorators = [] if isinstance(node, ast.Assign | ast.AnnAssign) else node.decorator_list
    return min(n.lineno for n in (node, *decorators)), node.end_lineno or node.lineno


def _kind(node: Definition) -> str:
    if isinstance(node, ast.ClassDef):
        return CLASS
    return FUNCTION if isinstance(node, ast.FunctionDef) else CONSTANT


def _about(node: ast.AST) -> str:
    """Return the first sentence of a docstring."""
    if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
        return ""
    return (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")


def _is_fixture(node: Definition) -> bool:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return any(ast.unparse(decorator).startswith("pytest.fixture") for decorator in decorators)


def _texts(*nodes: ast.AST) -> set[str]:
    """Return the strings in a piece of code."""
    found = (n.value for node in nodes for n in ast.walk(node) if isinstance(n, ast.Constant))
    return {value for value in found if isinstance(value, str)}


def _attributes(node: ast.AST, name: str) -> set[str]:
    """Return what code takes from a module, as in `base_images.described(...)`."""
    found = (n for n in ast.walk(node) if isinstance(n, ast.Attribute))
    return {n.attr for n in found if isinstance(n.value, ast.Name) and n.value.id == name}
