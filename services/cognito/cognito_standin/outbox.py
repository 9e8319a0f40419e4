"""The e-mails that were "sent", in the form in which the engine lists its own."""

import uuid
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from cognito_standin.directory import Pool
from cognito_standin.wire import Body

MAX_MESSAGES = 2_000
# "COGNITO_DEFAULT" sender: AWS developer guide, "Email settings for Amazon Cognito user pools".
SENDER = "no-reply@verificationemail.com"
# The engine's own codes are constants and good for nothing here, so people are not shown them.
_ENGINE_CODES = "CognitoVerificationMessage"
# The engine groups messages by account; ours are of the one account there is.
_ACCOUNT = "000000000000"


class Outbox:
    """The latest MAX_MESSAGES e-mails. `clock` is in epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._messages: deque[Body] = deque(maxlen=MAX_MESSAGES)

    def send_code(self, pool: Pool, address: str, code: str) -> Body:
        """Sends the pool's verification message; the answer is its CodeDeliveryDetails."""
        self._messages.append(
            {
                "MessageId": f"{uuid.uuid4()}@email.amazonses.com",
                "Source": SENDER,
                "To": [address],
                "CC": [],
                "BCC": [],
                "Subject": pool.code_message.subject,
                "BodyText": pool.code_message.text(address, code),
                "BodyHtml": "",
                "Timestamp": self._clock(),
                "Type": "CognitoVerificationMessage",
            }
        )
        return delivery_details(address)

    def with_engines(self, listed: Mapping[str, Any]) -> Body:
        """Our messages beside the engine's (invitations); `listed` is its `{"messages": {account: [...]}}`."""
        boxes = {
            account: [message for message in messages if message.get("Type") != _ENGINE_CODES]
            for account, messages in listed.get("messages", {}).items()
        }
        boxes[_ACCOUNT] = [*boxes.get(_ACCOUNT, []), *self._messages]
        return {"messages": boxes}


def delivery_details(address: str) -> Body:
    """Where a code went, masked as Cognito masks it; the same for somebody who does not exist."""
    local, _, domain = address.partition("@")
    return {"Destination": f"{local[:1]}***@{domain[:1]}***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
