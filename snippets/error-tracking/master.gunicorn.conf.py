"""Send the errors that Gunicorn logs to Sentry, also those of the master."""

import sentry_sdk

# Your settings start the SDK again, with Django. A reload runs this file again.
if not sentry_sdk.is_initialized():
    sentry_sdk.init(auto_enabling_integrations=False)
