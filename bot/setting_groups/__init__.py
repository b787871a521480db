"""The settings of the host, by what they are about; `bot.settings` puts them together."""
