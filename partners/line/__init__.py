"""LINE's Messaging API: paid messages to people who follow the city's official account."""
