"""For one worker: the layer of several needs a service, such as Redis."""

CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
