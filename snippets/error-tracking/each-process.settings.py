"""Send exceptions to Sentry, if SENTRY_DSN is set."""

import sentry_sdk

# Do not send what users type into forms.
sentry_sdk.init(max_request_body_size="never")
