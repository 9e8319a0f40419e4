"""Job state change events: their contents, kept until EventBridge and the webhook took them."""
