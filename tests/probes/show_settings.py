"""Print project settings as JSON; the arguments are their names."""

import json
import sys

from core import settings

print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
