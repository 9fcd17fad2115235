"""Send each message to every connected client."""

from channels.generic.websocket import AsyncWebsocketConsumer


class Chat(AsyncWebsocketConsumer):
    """One connection."""

    groups = ("everyone",)

    async def receive(self, text_data=None, **_):
        """Send a message of this client to the group."""
        message = {"type": "said", "text": text_data}
        await self.channel_layer.group_send("everyone", message)

    async def said(self, event):
        """Send a message of the group to this client."""
        await self.send(event["text"])
