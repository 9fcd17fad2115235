"""For one worker: several need a layer in a service, such as Redis."""

CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
