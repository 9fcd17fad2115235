"""Send each message to all who are connected."""

from channels.generic.websocket import AsyncWebsocketConsumer


class Chat(AsyncWebsocketConsumer):
    """One connection."""

    groups = ("everyone",)

    async def receive(self, text_data=None, **_):
        """Pass on what this client says."""
        message = {"type": "said", "text": text_data}
        await self.channel_layer.group_send("everyone", message)

    async def said(self, event):
        """Tell this client what one of all has said."""
        await self.send(event["text"])
