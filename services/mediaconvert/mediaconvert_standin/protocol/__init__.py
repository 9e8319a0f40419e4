"""What every operation's request and answer goes through: routes, the service model's checks, pages."""
