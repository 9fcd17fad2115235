"""Print settings of the project as JSON: their names are the arguments."""

import json
import sys

from core import settings

print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
