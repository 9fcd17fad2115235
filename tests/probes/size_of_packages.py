"""Print the total bytes of all packages that are installed next to Django, except pip."""

from pathlib import Path

import django

folder = Path(django.__file__).parent.parent
found = [p for p in folder.rglob("*") if not p.relative_to(folder).parts[0].startswith("pip")]
print(sum(p.lstat().st_size for p in found if p.is_file()))
