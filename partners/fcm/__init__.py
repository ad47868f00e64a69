"""Firebase Cloud Messaging: push messages to phones, through Google's own SDK."""
