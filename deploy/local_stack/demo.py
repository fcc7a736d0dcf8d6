"""The main story without a browser."""

from collections.abc import Callable, Mapping


def tell(environ: Mapping[str, str], *, say: Callable[[str], None], pause: Callable[[float], None]) -> None: ...
